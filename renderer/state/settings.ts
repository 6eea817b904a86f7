import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { RunSettings } from '../../main/contract/machine.ts';
import { keptAs } from './persist.ts';

interface SettingsStore extends RunSettings {
  set(patch: Partial<RunSettings>): void;
}

const START: RunSettings = { provider: 'cpu', threads: null, batch: 1, dims: {} };

/** How models are run: provider, threads, batch, free dimensions. Kept over restarts. */
export const useRunSettings = create<SettingsStore>()(
  persist(
    (set) => ({ ...START, set: (patch: Partial<RunSettings>) => set(patch) }),
    keptAs('run', { version: 1, keep: (state: SettingsStore) => runSettings(state) }),
  ),
);

/** The settings as a call takes them. */
export function runSettings(state: RunSettings = useRunSettings.getState()): RunSettings {
  return { provider: state.provider, threads: state.threads, batch: state.batch, dims: state.dims };
}
