import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from '../../state/persist.ts';
import type { RowOrder } from '../../viz/heat/heat-order.ts';
import type { ScaleChoices } from '../../viz/heat/heat-scale.ts';

/** What was chosen in one heat map; absent: as it starts. */
export interface HeatChoice {
  readonly order?: RowOrder;
  /** Each column on a scale of its own. */
  readonly perColumn?: boolean;
  readonly scales?: ScaleChoices;
}

interface HeatChoices {
  readonly choices: Readonly<Record<string, HeatChoice>>;
  /** Searches by heat map; not kept over restarts. */
  readonly searches: Readonly<Record<string, string>>;
  choose(id: string, choice: HeatChoice): void;
  setSearch(id: string, search: string): void;
}

/** Order and scales of each heat map, by its id. */
export const useHeatChoice = create<HeatChoices>()(
  persist(
    (set) => ({
      choices: {},
      searches: {},
      choose: (id, choice) => set(({ choices }) => ({ choices: { ...choices, [id]: { ...choices[id], ...choice } } })),
      setSearch: (id, search) => set(({ searches }) => ({ searches: { ...searches, [id]: search } })),
    }),
    keptAs('heat-maps', { version: 1, keep: ({ choices }) => ({ choices }) }),
  ),
);
