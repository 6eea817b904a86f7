import type { Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import type { StudioContext } from './studio.ts';

/** Tells all windows what a trial is now. */
export function tellTrial({ workspace, emit }: StudioContext, trialId: string): Trial {
  const trial = workspace.trial(trialId);
  emit('trial', trial);
  return trial;
}

/** Path of a trial's output model. @throws NOT_FOUND while it is not made */
export function requireOutput({ workspace }: StudioContext, trialId: string): string {
  const trial = workspace.trial(trialId);
  const path = workspace.trialOutput(trialId);
  if (path === undefined) {
    throw new StudioError('NOT_FOUND', `The model of '${trial.name}' is not made yet`, {
      hint: 'Run the trial first.',
    });
  }
  return path;
}
