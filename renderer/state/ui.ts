import { create } from 'zustand';
import { keep, readKept } from './persist.ts';

/** The tasks, in the order of their tabs. */
export const TABS = ['graph', 'profile', 'quantize', 'prune', 'tradeoff', 'compare', 'export'] as const;
export type Tab = (typeof TABS)[number];

/** The names that people read on the tabs. */
export const TAB_TITLES: Readonly<Record<Tab, string>> = {
  graph: 'Graph',
  profile: 'Profile',
  quantize: 'Quantize',
  prune: 'Prune',
  tradeoff: 'Trade-off',
  compare: 'Compare',
  export: 'Export',
};

export type PropertiesSection = 'attributes' | 'values' | 'weights' | 'measured';

export interface UiLayout {
  readonly tab: Tab;
  readonly outline: boolean;
  readonly properties: boolean;
  readonly table: boolean;
  /** Pixels. */
  readonly outlineWidth: number;
  readonly propertiesWidth: number;
  readonly tableHeight: number;
  /** Graph: names of nodes instead of operators only. */
  readonly showNames: boolean;
  readonly showAttributes: boolean;
  readonly showWeights: boolean;
  readonly direction: 'down' | 'right';
  /** What the wheel does on the graph: scroll to pan (Ctrl to zoom), or zoom. */
  readonly wheel: 'pan' | 'zoom';
  readonly theme: 'auto' | 'light' | 'dark';
}

const START: UiLayout = {
  tab: 'graph',
  outline: true,
  properties: true,
  table: true,
  outlineWidth: 248,
  propertiesWidth: 312,
  tableHeight: 232,
  showNames: false,
  showAttributes: false,
  showWeights: true,
  direction: 'down',
  wheel: 'pan',
  theme: 'auto',
};

interface UiStore extends UiLayout {
  set(patch: Partial<UiLayout>): void;
  toggle(key: 'outline' | 'properties' | 'table' | 'showNames' | 'showAttributes' | 'showWeights'): void;
}

/** Layout of the window and the choices of view; kept over restarts. */
export const useUi = create<UiStore>((set, get) => ({
  ...START,
  ...readKept('ui', START),
  set: (patch) => set(patch),
  toggle: (key) => set({ [key]: !get()[key] }),
}));

useUi.subscribe((state) => {
  const { set: _set, toggle: _toggle, ...layout } = state;
  keep('ui', layout);
});

/** Goes to a task. */
export function showTab(tab: Tab): void {
  useUi.getState().set({ tab });
}
