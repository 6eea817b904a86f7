import { VALUE_SAMPLES } from '../../contract/layer-values.ts';
import type { TaskContext } from '../../base/progress.ts';
import { layerValues as valuesOf } from '../../engine/quantize/alone/layer-values.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Small batches keep the activations of large models in bounds. */
const BATCH = 4;

/** How the values of a quantized layer are spread. @throws what `layerValues` of the engine throws; DATA_… */
export async function layerValues(
  { float, quantized, layer, data }: OperationParams<'layerValues'>,
  context: TaskContext,
): Promise<OperationResult<'layerValues'>> {
  const reference = await openRunnable(float, context.signal);
  const compared = await openRunnable(quantized, context.signal);
  const dataset = await openSource(data);
  const { signal } = context;
  const batches = (): AsyncIterable<HostTensors> =>
    feedsOf(dataset.batches(inputPorts(reference.model), BATCH, { limit: VALUE_SAMPLES, signal }));
  return withThreadRunner(signal, (runner) =>
    valuesOf(reference.model, compared.model, layer, { runner, batches, samples: VALUE_SAMPLES }, context),
  );
}

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
