import { create } from 'zustand';
import { engine } from '../../state/engine.ts';
import { useOverlay } from '../../state/overlay.ts';
import { keep, readKept } from '../../state/persist.ts';
import { putResult } from '../../state/queries.ts';
import { shownTrialId, useSession } from '../../state/session.ts';
import { runSettings } from '../../state/settings.ts';
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
export const useProfileOptions = create<ProfileOptions>(() =>
  readKept<ProfileOptions>('profile', { runs: null, warmup: null, opSource: 'layers' }),
);

useProfileOptions.subscribe((options) => keep('profile', options));

/** Profiles the shown trial; then the graph is coloured by time, unless a colouring of the profile is chosen already. */
export async function runProfile(): Promise<void> {
  const trialId = shownTrialId(useSession.getState());
  if (trialId === null) return;
  const { runs, warmup } = useProfileOptions.getState();
  const profile = await useProfileTask
    .getState()
    .run((handle) => engine().call('trial.profile.run', { trialId, settings: runSettings(), runs, warmup }, handle));
  if (profile === null) return;
  putResult('trial.profile', trialId, profile);
  const { metric, setMetric } = useOverlay.getState();
  if (metric !== 'memory' && metric !== 'macs') setMetric('time');
}
