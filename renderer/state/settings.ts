import { create } from 'zustand';
import type { RunSettings } from '../../main/contract/machine.ts';
import { keep, readKept } from './persist.ts';

interface SettingsStore extends RunSettings {
  set(patch: Partial<RunSettings>): void;
}

const START: RunSettings = { provider: 'cpu', threads: null, batch: 1, dims: {} };

/** How models are run: provider, threads, batch, free dimensions. Kept over restarts. */
export const useRunSettings = create<SettingsStore>((set) => ({
  ...START,
  ...readKept('run', START),
  set: (patch) => set(patch),
}));

useRunSettings.subscribe((state) => keep('run', runSettings(state)));

/** The settings as a call takes them. */
export function runSettings(state: RunSettings = useRunSettings.getState()): RunSettings {
  return { provider: state.provider, threads: state.threads, batch: state.batch, dims: state.dims };
}
