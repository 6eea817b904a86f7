import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from './persist.ts';

interface Last {
  /** The model that was open, null when it was closed; absent: nothing was ever kept here. */
  readonly modelId?: string | null;
  /** The trials that were looked at beside the baseline, by model; the newest last. */
  readonly shown?: Readonly<Record<string, string>>;
}

/** Models whose shown trial is kept. */
const KEPT_SHOWN = 100;

/** Keeps which trial of a model is looked at; null: its baseline. */
export function keepShown(modelId: string, trialId: string | null): void {
  useLast.setState(({ shown = {} }) => {
    const { [modelId]: _old, ...others } = shown;
    const own = trialId === null ? [] : [[modelId, trialId] as const];
    return { shown: Object.fromEntries([...Object.entries(others), ...own].slice(-KEPT_SHOWN)) };
  });
}

/** What was open in this browser before a reload. */
export const useLast = create<Last>()(persist((): Last => ({}), keptAs('last', { version: 1, keep: (last) => last })));
