import { profileModel } from '../../engine/profile/profile-model.ts';
import type { TaskContext } from '../../base/progress.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { runners } from './runners.ts';

/** What a model costs on this machine. @throws what `profileModel` throws */
export async function profile(
  { path, settings, runs, warmup, inputs, trace }: OperationParams<'profile'>,
  context: TaskContext,
): Promise<OperationResult<'profile'>> {
  const opened = await openRunnable(path, context.signal);
  const { provider, threads, batch, dims } = settings;
  return profileModel(opened, runners, { provider, threads, batch, dims, runs, warmup, inputs, trace }, context);
}
