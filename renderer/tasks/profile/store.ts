import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { MachineSetup } from '../../../main/contract/machine.ts';
import { ENERGY_CONSTANTS } from '../../../main/judge/profile/energy.ts';
import type { EnergyConstants } from '../../../main/judge/profile/energy.ts';
import { SWEEP_AXES } from '../../../main/contract/sweep.ts';
import type { SweepAxis } from '../../../main/contract/sweep.ts';
import { runSettings } from '../../state/settings.ts';
import type { Profile } from '../../../main/contract/results.ts';
import { findConnection } from '../../rpc/connection.ts';
import { uploadFile } from '../../rpc/upload.ts';
import { tellError } from '../../state/messages.ts';
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
export const PROFILE_PARTS = [
  'time',
  'layers',
  'roofline',
  'memory',
  'settings',
  'energy',
  'compare',
  'kernels',
] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

interface ProfileOptions {
  /** Timed runs; null: until stable, at least 100 or 2 s. */
  readonly runs: number | null;
  /** Runs before timing; null: until stable. */
  readonly warmup: number | null;
  readonly opSource: OpSource;
  /** The part of the view that is shown. */
  readonly part: ProfilePart;
  /** Session settings that are tried. */
  readonly axes: readonly SweepAxis[];
  readonly energy: EnergyConstants;
}

/** The measuring of the machine that this task started. */
export const usePeaksTask = createTaskStore();

/** Measures what this machine can do at most. */
export async function measurePeaks(setup: MachineSetup): Promise<void> {
  await usePeaksTask.getState().run(async (handle) => {
    putResult('machine.peaks', machineKey(setup), await engine().call('machine.peaks.run', setup, handle));
  });
}

/** A trace made elsewhere that is looked at instead of what was measured here. */
export const useImportedProfile = create<{ readonly trialId: string | null; readonly profile: Profile | null }>(() => ({
  trialId: null,
  profile: null,
}));

/** Reads a trace that ONNX Runtime wrote elsewhere for this trial's model. */
export async function importTrace(trialId: string, file: File): Promise<void> {
  try {
    const upload = await uploadFile(findConnection(), file);
    const profile = await engine().call('trial.profile.import', { trialId, upload });
    useImportedProfile.setState({ trialId, profile });
  } catch (error) {
    tellError(error);
  }
}

/** The trying of settings that this task started. */
export const useSweepTask = createTaskStore();

/** Tries other session settings of a trial's model. */
export async function runSweep(trialId: string, axes: readonly SweepAxis[]): Promise<void> {
  const { provider, threads, batch, dims } = runSettings();
  const params = { trialId, base: { provider, threads, batch }, dims, axes: [...axes] };
  await useSweepTask.getState().run(async (handle) => {
    putResult('trial.sweep', trialId, await engine().call('trial.sweep.run', params, handle));
  });
}

/** Settings of the Profile task, kept over restarts. */
export const useProfileOptions = create<ProfileOptions>()(
  persist(
    (): ProfileOptions => ({
      runs: null,
      warmup: null,
      opSource: 'layers',
      part: 'time',
      axes: SWEEP_AXES.filter((axis) => axis !== 'provider'),
      energy: ENERGY_CONSTANTS,
    }),
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
