import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { profileTrial } from '../../state/actions.ts';
import { keptAs } from '../../state/persist.ts';
import { shownTrialId, useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import type { OpSource } from './model.ts';

/** The profile run that this task started. */
export const useProfileTask = createTaskStore();

interface ProfileOptions {
  /** Timed runs; null: until stable, at least 100 or 2 s. */
  readonly runs: number | null;
  /** Runs before timing; null: until stable. */
  readonly warmup: number | null;
  readonly opSource: OpSource;
}

/** Settings of the Profile task, kept over restarts. */
export const useProfileOptions = create<ProfileOptions>()(
  persist(
    (): ProfileOptions => ({ runs: null, warmup: null, opSource: 'layers' }),
    keptAs('profile', { version: 1, keep: (options) => options }),
  ),
);

/** Profiles the shown trial as this task is set. */
export async function runProfile(): Promise<void> {
  const trialId = shownTrialId(useSession.getState());
  if (trialId === null) return;
  const { runs, warmup } = useProfileOptions.getState();
  await useProfileTask.getState().run((handle) => profileTrial(trialId, { runs, warmup, ...handle }));
}
