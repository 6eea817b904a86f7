import { KEPT_SHARES } from '../../contract/sensitivity.ts';
import { WHOLE_SET } from '../../contract/data.ts';
import type { TaskContext } from '../../base/progress.ts';
import { splitIndices } from '../../engine/dataset/split.ts';
import { groupSensitivity } from '../../engine/prune/structure/sensitivity.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import type { HostTensors } from '../../engine/tensor/host-tensor.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Small batches keep the activations of large models in bounds. */
const BATCH = 16;

/** What one group of channels costs when it is cut alone. @throws what `groupSensitivity` throws; DATA_… */
export async function sensitivity(
  { path, data, limit, group, score, seed }: OperationParams<'sensitivity'>,
  context: TaskContext,
): Promise<OperationResult<'sensitivity'>> {
  const { model } = await openRunnable(path, context.signal);
  const dataset = await openSource(data);
  const indices = splitIndices(dataset, data.split ?? WHOLE_SET, limit);
  const { signal } = context;
  const batches = (): AsyncIterable<HostTensors> =>
    feedsOf(dataset.batches(inputPorts(model), BATCH, { indices, limit, signal }));
  const found = await withThreadRunner(signal, (runner) =>
    groupSensitivity(model, { group, shares: KEPT_SHARES, score, seed }, { runner, batches }, context),
  );
  if (found === undefined) return null;
  const { group: name, groups, measure, cells, scores } = found;
  const samples = Math.min(limit, indices?.length ?? dataset.samples);
  return {
    measure,
    groups,
    samples,
    row: { group: name, cells: [...cells], ...(scores === undefined ? {} : { scores: [...scores].map(rounded) }) },
  };
}

/** Four digits rank as well as sixteen, and are kept with the model. */
function rounded(score: number): number {
  return Number(score.toPrecision(4));
}

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
