import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import type { TaskContext } from '../../base/progress.ts';
import { errorTable } from '../../engine/quantize/error-table.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** A sample in each run, so that the sample that breaks the model can be told. */
const BATCH = 1;

/** Where quantization hurts: the error of every layer, alone and accumulated. @throws what `errorTable` throws */
export async function errors(
  { float, quantized, data, limit }: OperationParams<'errors'>,
  context: TaskContext,
): Promise<OperationResult<'errors'>> {
  const reference = await openRunnable(float, context.signal);
  const compared = await openRunnable(quantized, context.signal);
  const dataset = await openSource(data);
  const batches = (samples: number): AsyncIterable<HostTensors> =>
    feedsOf(dataset.batches(inputPorts(reference.model), BATCH, { limit: samples, signal: context.signal }));
  const table = await withThreadRunner(context.signal, (runner) =>
    errorTable(reference.model, compared.model, batches, runner, { limit }, context),
  );
  return {
    ...table,
    datasetId: null,
    layers: table.layers.map((layer) => ({ ...layer, channels: [...layer.channels], runs: [...layer.runs] })),
    notes: [...table.notes],
  };
}

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
