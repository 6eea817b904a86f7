import type { Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { StudioContext } from './studio-context.ts';

/** Tells all windows what a trial is now. */
export async function tellTrial({ workspace, emit }: StudioContext, trialId: string): Promise<Trial> {
  const trial = await workspace.trial(trialId);
  emit('trial', trial);
  return trial;
}

/** Path of a trial's output model. @throws NOT_FOUND while it is not made */
export async function requireOutput({ workspace }: StudioContext, trialId: string): Promise<string> {
  const trial = await workspace.trial(trialId);
  const path = await workspace.trialOutput(trialId);
  if (path === undefined) {
    throw new StudioError('NOT_FOUND', `The model of '${trial.name}' is not made yet`, {
      hint: 'Run the trial first.',
    });
  }
  return path;
}

/** The baseline of a trial's model; undefined where there is none. */
export async function baselineOf(
  { workspace }: Pick<StudioContext, 'workspace'>,
  trial: Trial,
): Promise<Trial | undefined> {
  return (await workspace.trials(trial.modelId)).find((other) => other.baseline);
}
