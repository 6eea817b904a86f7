import type { TaskContext } from '../../base/progress.ts';
import type { MeasuredEnergy } from '../../contract/energy.ts';
import { measureEnergy } from '../../engine/profile/measure-energy.ts';
import { hereAsPlace } from '../../engine/runtime/energy-sensors.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { runners } from './runners.ts';

/** Energy of an inference from this machine's sensors. @throws what `measureEnergy` throws */
export async function energy(
  { path, settings }: OperationParams<'energy'>,
  context: TaskContext,
): Promise<MeasuredEnergy> {
  const opened = await openRunnable(path, context.signal);
  return measureEnergy(opened, { runners, settings, place: hereAsPlace() }, context);
}
