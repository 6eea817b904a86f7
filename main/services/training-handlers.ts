import type { Handlers } from './handlers.ts';
import type { StudioContext } from './studio-context.ts';

type TrainingMethods = 'trial.training' | 'training.order';

/** Looking at trainings, and ordering them about. */
export function trainingHandlers({ workspace, trainings }: StudioContext): Pick<Handlers, TrainingMethods> {
  return {
    'trial.training': async ({ trialId }) => trainings.of(trialId) ?? (await workspace.result(trialId, 'training')),
    'training.order': ({ trialId, order }) => {
      trainings.command(trialId, order);
      return null;
    },
  };
}
