import { create } from 'zustand';

/** Who changed the selection last; a view does not scroll to what was picked in itself. */
export type SelectionSource = 'graph' | 'outline' | 'table' | 'search' | 'chart' | 'command';

interface SelectionStore {
  /** Name of the selected layer (in the graph of the shown trial), or null. */
  readonly layer: string | null;
  readonly source: SelectionSource;
  /** Grows with every selection, so that selecting the same layer again scrolls to it again. */
  readonly revision: number;
  readonly hover: string | null;
  /** Layers that are pointed at as one (a group of channels), beside `hover`. */
  readonly lit: ReadonlySet<string>;
  /** Layers that were selected together, to act on all of them. */
  readonly marked: ReadonlySet<string>;
  /** The value (tensor) that is pointed at in the properties, or null. */
  readonly value: string | null;
  select(layer: string | null, source: SelectionSource): void;
  setHover(layer: string | null): void;
  setLit(layers: ReadonlySet<string>): void;
  setMarked(layers: ReadonlySet<string>): void;
  setValue(value: string | null): void;
}

export const NONE_LIT: ReadonlySet<string> = new Set();

/** One selection everywhere: graph, outline, table, timeline, heatmap, charts. */
export const useSelection = create<SelectionStore>((set, get) => ({
  layer: null,
  source: 'command',
  revision: 0,
  hover: null,
  lit: NONE_LIT,
  marked: NONE_LIT,
  value: null,
  select: (layer, source) => set({ layer, source, revision: get().revision + 1, value: null }),
  setHover: (hover) => {
    if (hover !== get().hover) set({ hover });
  },
  setLit: (lit) => {
    if (lit !== get().lit) set({ lit });
  },
  setMarked: (marked) => set({ marked }),
  setValue: (value) => set({ value }),
}));

/** Picks a layer in every view. */
export function selectLayer(layer: string | null, source: SelectionSource): void {
  useSelection.getState().select(layer, source);
}

/** Selects layers together: these alone, or one more or less. */
export function markLayers(layers: readonly string[], how: 'set' | 'toggle'): void {
  const { marked, setMarked } = useSelection.getState();
  if (how === 'set') return setMarked(new Set(layers));
  const next = new Set(marked);
  for (const layer of layers) if (!next.delete(layer)) next.add(layer);
  setMarked(next);
}

/** Nothing is selected any more, neither one layer nor several. */
export function clearSelection(): void {
  selectLayer(null, 'command');
  markLayers([], 'set');
}
