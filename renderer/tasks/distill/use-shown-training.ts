import type { Trial } from '../../../main/contract/studio.ts';
import type { Training } from '../../../main/contract/training.ts';
import { activeJobs, useJobs } from '../../state/jobs.ts';
import { useTraining } from '../../state/queries.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { trainedTrials } from './model.ts';

export interface ShownTraining {
  readonly trial: Trial | null;
  /** Null: it was not trained, or not yet. */
  readonly training: Training | null;
  /** Whether the trial is being made now. */
  readonly running: boolean;
}

/** The training that is looked at: the one that runs, else the shown trial's, else the newest. */
export function useShownTraining(): ShownTraining {
  const trials = useSession((state) => state.trials);
  const shown = useShownTrial();
  const trained = trainedTrials(trials);
  // Not the jobs themselves: they tell their progress many times a second.
  const busy = useJobs(({ jobs }) => trained.find(({ id }) => activeJobs(jobs).some((job) => job.trialId === id))?.id);
  const runs = trained.find(({ id }) => id === busy);
  const trial = runs ?? trained.find(({ id }) => id === shown?.id) ?? trained[0] ?? null;
  const training = useTraining(trial?.id ?? null).data ?? null;
  return { trial, training, running: runs !== undefined };
}
