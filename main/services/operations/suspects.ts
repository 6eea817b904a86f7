import type { TaskContext } from '../../base/progress.ts';
import type { Suspects } from '../../contract/suspects.ts';
import { findSuspects } from '../../engine/dataset/find-suspects.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { explaining } from './run-report.ts';
import { withThreadRunner } from './runners.ts';

/** Suspect values over a data set. @throws what `findSuspects` throws */
export async function suspects(
  { path, data, dims, limit }: OperationParams<'suspects'>,
  context: TaskContext,
): Promise<Suspects> {
  const { model } = await openRunnable(path, context.signal);
  const dataset = await openSource(data);
  return explaining({ path, settings: { batch: 1, dims }, inputs: null, data }, context, () =>
    withThreadRunner(context.signal, (runner) => findSuspects({ model, dataset, runner, dims, limit }, context)),
  );
}
