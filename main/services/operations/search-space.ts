import type { TaskContext } from '../../base/progress.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { measureSpace } from '../../engine/search/measure-space.ts';
import { calibrationData } from './apply.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** What a search chooses among: times, bytes and losses of groups of layers. @throws what `measureSpace` throws; DATA_… */
export async function searchSpace(
  { path, calibration: source, step }: OperationParams<'searchSpace'>,
  context: TaskContext,
): Promise<OperationResult<'searchSpace'>> {
  const { model } = await openRunnable(path, context.signal);
  const { feeds: calibration } = await calibrationData(model, source, context.signal);
  const { vnni } = machineInfo('');
  return withThreadRunner(
    context.signal,
    async (runner) => (await measureSpace(model, { step, calibration, runner, vnni }, context)) ?? null,
  );
}
