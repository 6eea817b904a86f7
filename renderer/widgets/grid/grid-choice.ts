import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from '../../state/persist.ts';

/** What was chosen in one grid; absent: as the grid starts. */
export interface GridChoice {
  /** null: the rows' own order. */
  readonly sort?: { readonly key: string; readonly descending: boolean } | null;
  /** Columns that were switched on or off. */
  readonly shown?: Readonly<Record<string, boolean>>;
}

interface GridChoices {
  readonly choices: Readonly<Record<string, GridChoice>>;
  /** Filters by grid; not kept over restarts. */
  readonly queries: Readonly<Record<string, string>>;
  choose(id: string, choice: GridChoice): void;
  setQuery(id: string, query: string): void;
}

/** Order and columns of each grid, by its id. */
export const useGridChoice = create<GridChoices>()(
  persist(
    (set) => ({
      choices: {},
      queries: {},
      choose: (id, choice) => set(({ choices }) => ({ choices: { ...choices, [id]: { ...choices[id], ...choice } } })),
      setQuery: (id, query) => set(({ queries }) => ({ queries: { ...queries, [id]: query } })),
    }),
    keptAs('grids', { version: 1, keep: ({ choices }) => ({ choices }) }),
  ),
);

/** The filter of a grid as it is written. */
export function useGridQuery(id: string): string {
  return useGridChoice((state) => state.queries[id] ?? '');
}
