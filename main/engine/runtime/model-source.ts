import type { Model } from '../graph/ir.ts';
import { walkTensors } from '../graph/tensors.ts';
import type { ModelSource } from './settings.ts';
import { sourceOfModel as sourceIn } from './taps.ts';

/** A model in memory as the runner loads it; external data is looked up where the model says that it lies. */
export function sourceOfModel(model: Model): ModelSource {
  for (const { storage } of walkTensors(model)) {
    if (storage.kind === 'external') return sourceIn(model, storage.directory);
  }
  return sourceIn(model);
}
