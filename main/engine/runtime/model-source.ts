import { tensorBytes } from '../graph/tensor-data.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { mapTensors, walkTensors } from '../graph/tensors.ts';
import type { Model } from '../graph/ir.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { ModelSource } from './settings.ts';
import { apartFromWeights } from './weights-file.ts';

/**
 * External tensors up to this size go into the bytes: the runtime infers shapes from such as the pads of a Pad, and finds
 * external ones only for models that it opens as files.
 */
const INLINE_BYTES = 1024;

/** The newest IR version that ONNX Runtime 1.30 takes. What is newer there adds fields, of which graphs that it can run have none. */
const RUNTIME_IR = 13;

/** Whether the runtime refuses the model for the version that its file states alone. */
export function isTooNew({ irVersion }: Model): boolean {
  return irVersion > RUNTIME_IR;
}

/** The model, stating an IR version that the runtime takes. */
export function statedForRuntime(model: Model): Model {
  return isTooNew(model) ? { ...model, irVersion: RUNTIME_IR } : model;
}

/**
 * A model in memory as the runner loads it: its bytes, and the folder where the model says that its external data lies, or
 * the large weights to put there.
 */
export function sourceOfModel(model: Model): ModelSource {
  const inlined = mapTensors(model, (tensor) =>
    tensor.storage.kind === 'external' && tensorByteLength(tensor) <= INLINE_BYTES
      ? { ...tensor, storage: { kind: 'raw', bytes: tensorBytes(tensor) } }
      : tensor,
  );
  const stated = statedForRuntime(inlined);
  const apart = apartFromWeights(stated);
  if (apart !== undefined) return { bytes: encodeModel(apart.model), weights: apart.weights };
  for (const { storage } of walkTensors(stated)) {
    if (storage.kind === 'external') return { bytes: encodeModel(stated), directory: storage.directory };
  }
  return { bytes: encodeModel(stated) };
}

/**
 * A model that the runtime wrote of one that it loaded. Weights that were not in the bytes it took are not in those that it writes either:
 * here they are again.
 */
export function withWeightsOf(written: Model, source: ModelSource): Model {
  if ('path' in source) return written;
  const weights =
    'weights' in source ? new Map(source.weights.map(({ offset, tensor }) => [offset, tensor.storage])) : undefined;
  const directory = 'directory' in source ? source.directory : undefined;
  return mapTensors(written, (tensor) => {
    const { storage } = tensor;
    if (storage.kind !== 'external') return tensor;
    const weight = weights?.get(storage.offset);
    if (weight !== undefined) return { ...tensor, storage: weight };
    return directory === undefined ? tensor : { ...tensor, storage: { ...storage, directory } };
  });
}
