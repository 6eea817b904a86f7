import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { GraphView } from '../../../main/contract/studio.ts';
import { useUi } from '../../state/ui.ts';
import type { GraphCanvas } from '../../viz/graph/graph-canvas.ts';
import { LayoutClient } from '../../viz/graph/layout-client.ts';
import { drawnBox, groupsAround, startExpanded } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';
import { startLayoutWorker } from '../../viz/graph/start-layout-worker.ts';
import { drawnGraph, drawnTree } from '../../widgets/graph/drawn-graph.ts';
import { useScene } from '../../widgets/graph/use-scene.ts';
import type { MadeScene } from '../../widgets/graph/use-scene.ts';
import { withChanges } from './diff-looks.ts';
import type { CompareRow } from './model.ts';

export interface DiffDrawing extends MadeScene {
  readonly view: GraphView;
  readonly labels: ReadonlyMap<string, string>;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
  /** The group that was opened or folded last: it stays where it is on screen. */
  readonly anchor: string | null;
  readonly rowOf: ReadonlyMap<string, CompareRow>;
  /** The box that a layer is drawn as. */
  readonly boxOf: (layer: string) => string;
  readonly setExpanded: (groups: ReadonlySet<string>, anchor?: string | null) => void;
}

interface Open {
  readonly id: string;
  readonly groups: ReadonlySet<string>;
  readonly anchor: string | null;
}

/**
 * The drawing of one of the graphs of a comparison.
 * @param id of what is compared; another one starts with its own open groups
 * @param rowOf the row of the comparison that each layer of the graph is told in
 */
export function useDiffDrawing(id: string, view: GraphView, rowOf: ReadonlyMap<string, CompareRow>): DiffDrawing {
  const [layouts] = useState(() => new LayoutClient(startLayoutWorker));
  const direction = useUi((state) => state.direction);
  const [open, setOpen] = useState<Open | null>(null);
  const source = useMemo(() => {
    const { source: drawn } = drawnGraph(view, { showNames: true, showAttributes: false, showWeights: false });
    return withChanges(drawn, (layer) => rowOf.get(layer));
  }, [view, rowOf]);
  const tree = useMemo(() => drawnTree(source), [source]);
  const start = useMemo(() => startExpanded(tree), [tree]);
  const own = open?.id === id ? open : null;
  const expanded = own?.groups ?? start;
  const anchor = own?.anchor ?? null;
  const setExpanded = useCallback(
    (groups: ReadonlySet<string>, at: string | null = null) => setOpen({ id, groups, anchor: at }),
    [id],
  );
  const { scene, busy, error } = useScene(layouts, { id, options: '', direction, source, tree, expanded });
  useEffect(() => () => layouts.dispose(), [layouts]);
  return useMemo(() => {
    const boxOf = (layer: string): string => drawnBox(tree, expanded, layer);
    return { scene, busy, error, view, labels: source.edgeLabels, tree, expanded, anchor, rowOf, boxOf, setExpanded };
  }, [scene, busy, error, view, source, tree, expanded, anchor, rowOf, setExpanded]);
}

/** Opens the groups around a layer, then brings it into view. @returns what does so, once the drawing is there */
export function useReveal(drawing: DiffDrawing, canvas: GraphCanvas | null): (layer: string, move: boolean) => void {
  const [wanted, setWanted] = useState<{ readonly layer: string; readonly move: boolean } | null>(null);
  const done = useRef<object | null>(null);
  useEffect(() => {
    if (wanted === null || wanted === done.current || canvas === null || drawing.scene === null || drawing.busy) return;
    const { tree, expanded, setExpanded } = drawing;
    const folded = groupsAround(tree, wanted.layer).filter((id) => !expanded.has(id));
    if (folded.length > 0) {
      setExpanded(new Set([...expanded, ...folded]), folded[0]);
      return;
    }
    done.current = wanted;
    if (wanted.move) canvas.reveal(wanted.layer);
  }, [wanted, canvas, drawing]);
  return useCallback((layer, move) => setWanted({ layer, move }), []);
}
