import { LAYER_WAYS } from '../../contract/layer-trials.ts';
import { WHOLE_SET } from '../../contract/data.ts';
import type { TaskContext } from '../../base/progress.ts';
import { splitIndices } from '../../engine/dataset/split.ts';
import { layerTrial } from '../../engine/quantize/alone/layer-trials.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Small batches keep the activations of large models in bounds. */
const BATCH = 8;

/** What the outputs lose when one layer alone is quantized; null where there is no such layer. @throws as `layerTrial`; DATA_… */
export async function layerTrials(
  { path, data, limit, layer, tried }: OperationParams<'layerTrials'>,
  context: TaskContext,
): Promise<OperationResult<'layerTrials'>> {
  const { model } = await openRunnable(path, context.signal);
  const dataset = await openSource(data);
  const indices = splitIndices(dataset, data.split ?? WHOLE_SET, limit);
  const { signal } = context;
  const batches = (): AsyncIterable<HostTensors> =>
    feedsOf(dataset.batches(inputPorts(model), BATCH, { indices, limit, signal }));
  const dataKey = JSON.stringify([data, limit]);
  const found = await withThreadRunner(signal, (runner) =>
    layerTrial(model, { layer, ways: LAYER_WAYS[tried], dataKey }, { runner, batches }, context),
  );
  return found ?? null;
}

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
