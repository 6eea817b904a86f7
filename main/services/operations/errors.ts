import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import type { TaskContext } from '../../base/progress.ts';
import { errorTable } from '../../engine/quantize/error-table.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Both models and their taps run together: small batches keep the memory of large models in bounds. */
const BATCH = 4;

/** Where quantization hurts: the error of every layer, alone and accumulated. @throws what `errorTable` throws */
export async function errors(
  { float, quantized, data, limit }: OperationParams<'errors'>,
  context: TaskContext,
): Promise<OperationResult<'errors'>> {
  const reference = await openRunnable(float, context.signal);
  const compared = await openRunnable(quantized, context.signal);
  const dataset = await openSource(data);
  const batches = dataset.batches(inputPorts(reference.model), BATCH, { limit, signal: context.signal });
  const table = await withThreadRunner(context.signal, (runner) =>
    errorTable(reference.model, compared.model, feedsOf(batches), runner, { limit }, context),
  );
  return {
    samples: table.samples,
    layers: table.layers.map((layer) => ({ ...layer, channels: [...layer.channels] })),
    notes: [...table.notes],
  };
}

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
