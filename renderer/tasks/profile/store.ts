import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { MachineSetup } from '../../../main/contract/machine.ts';
import { engine } from '../../state/engine.ts';
import { machineKey, putResult } from '../../state/queries.ts';
import { profileTrial } from '../../state/actions.ts';
import { keptAs } from '../../state/persist.ts';
import { shownTrialId, useSession } from '../../state/session.ts';
import { createTaskStore } from '../../state/task.ts';
import type { OpSource } from './model.ts';

/** The profile run that this task started. */
export const useProfileTask = createTaskStore();

/** What the view shows of a profile. */
export const PROFILE_PARTS = ['time', 'layers', 'roofline', 'memory', 'kernels'] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

interface ProfileOptions {
  /** Timed runs; null: until stable, at least 100 or 2 s. */
  readonly runs: number | null;
  /** Runs before timing; null: until stable. */
  readonly warmup: number | null;
  readonly opSource: OpSource;
  /** The part of the view that is shown. */
  readonly part: ProfilePart;
}

/** The measuring of the machine that this task started. */
export const usePeaksTask = createTaskStore();

/** Measures what this machine can do at most. */
export async function measurePeaks(setup: MachineSetup): Promise<void> {
  await usePeaksTask.getState().run(async (handle) => {
    putResult('machine.peaks', machineKey(setup), await engine().call('machine.peaks.run', setup, handle));
  });
}

/** Settings of the Profile task, kept over restarts. */
export const useProfileOptions = create<ProfileOptions>()(
  persist(
    (): ProfileOptions => ({ runs: null, warmup: null, opSource: 'layers', part: 'time' }),
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
