import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from './persist.ts';

const MOST = 50;

interface SavedQueries {
  /** The last saved first. */
  readonly saved: readonly string[];
  save(query: string): void;
  remove(query: string): void;
}

/** Queries that were kept, for all models; the workspace keeps them over restarts. */
export const useSavedQueries = create<SavedQueries>()(
  persist(
    (set) => ({
      saved: [],
      save: (query) => set(({ saved }) => ({ saved: [query, ...saved.filter((one) => one !== query)].slice(0, MOST) })),
      remove: (query) => set(({ saved }) => ({ saved: saved.filter((one) => one !== query) })),
    }),
    keptAs('queries', { version: 1, keep: ({ saved }) => ({ saved }) }),
  ),
);
