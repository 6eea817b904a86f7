import { create } from 'zustand';
import { useSelection } from '../../state/selection.ts';
import type { Camera } from '../../viz/graph/camera.ts';
import type { GraphCanvas, GraphHit } from '../../viz/graph/graph-canvas.ts';

/** What the pointer is on, and where it is in the window. */
interface Pointed {
  readonly hit: GraphHit;
  readonly at: { readonly x: number; readonly y: number };
}

interface GraphStore {
  /** Open groups by trial; absent: not opened yet, the start state of its graph. */
  readonly expanded: ReadonlyMap<string, ReadonlySet<string>>;
  /** Camera by trial, so that a graph is found as it was left. */
  readonly cameras: Map<string, Camera>;
  /** The folded or open group that is selected instead of a layer. */
  readonly group: string | null;
  /** The canvas on screen, for commands; null while another task is shown. */
  readonly canvas: GraphCanvas | null;
  /** The group that was opened or folded last: it stays where it is on screen. */
  readonly anchor: string | null;
  /** Whether it is asked how a picture of the graph is to be saved. */
  readonly picturing: boolean;
  /** The box under the pointer; null: none. */
  readonly pointed: Pointed | null;
  setPointed(pointed: Pointed | null): void;
  setExpanded(trialId: string, expanded: ReadonlySet<string>, anchor?: string | null): void;
  setGroup(group: string | null): void;
  setCanvas(canvas: GraphCanvas | null): void;
}

/** State of the graph view that outlives its being on screen. */
export const useGraph = create<GraphStore>((set, get) => ({
  expanded: new Map(),
  cameras: new Map(),
  group: null,
  canvas: null,
  anchor: null,
  picturing: false,
  pointed: null,
  setPointed: (pointed) => {
    if (pointed !== get().pointed) set({ pointed });
  },
  setExpanded: (trialId, expanded, anchor = null) =>
    set({ expanded: new Map(get().expanded).set(trialId, expanded), anchor }),
  setGroup: (group) => set({ group }),
  setCanvas: (canvas) => set({ canvas }),
}));

// A group is selected after the layer was cleared; whatever is selected next takes its place.
useSelection.subscribe((now, before) => {
  if (now.revision !== before.revision) useGraph.setState({ group: null });
});

/** What commands do to the graph on screen; nothing while another task is shown. */
export const graphController = {
  fit: (): void => useGraph.getState().canvas?.fit(),
  zoomIn: (): void => useGraph.getState().canvas?.zoomBy(1.25),
  zoomOut: (): void => useGraph.getState().canvas?.zoomBy(0.8),
  actualSize: (): void => useGraph.getState().canvas?.actualSize(),
  picture: (): void => useGraph.setState({ picturing: true }),
} as const;
