import { useMemo } from 'react';
import type { GraphView } from '../../../main/contract/studio.ts';
import { useUi } from '../../state/ui.ts';
import type { GraphSource } from '../../viz/graph/graph-source.ts';
import { LayoutClient } from '../../viz/graph/layout-client.ts';
import { startExpanded } from '../../viz/graph/scope-tree.ts';
import { startLayoutWorker } from '../../viz/graph/start-layout-worker.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';
import { drawnGraph, drawnTree } from '../../widgets/graph/drawn-graph.ts';
import { useScene } from '../../widgets/graph/use-scene.ts';
import type { MadeScene } from '../../widgets/graph/use-scene.ts';
import { useGraph } from './store.ts';

const layouts = new LayoutClient(startLayoutWorker);

export interface GraphScene extends MadeScene {
  readonly source: GraphSource;
  /** Layers without a box of their own, and the layer whose box says it. */
  readonly standIns: ReadonlyMap<string, string>;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
}

/** The laid out drawing of a trial's graph, for the groups that are open and the rows that are shown. */
export function useGraphScene(trialId: string, view: GraphView): GraphScene {
  const showNames = useUi((state) => state.showNames);
  const showAttributes = useUi((state) => state.showAttributes);
  const showWeights = useUi((state) => state.showWeights);
  const direction = useUi((state) => state.direction);
  const chosen = useGraph((state) => state.expanded.get(trialId));
  const { source, standIns } = useMemo(
    () => drawnGraph(view, { showNames, showAttributes, showWeights }),
    [view, showNames, showAttributes, showWeights],
  );
  const tree = useMemo(() => drawnTree(source), [source]);
  const expanded = useMemo(() => chosen ?? startExpanded(tree), [chosen, tree]);
  const options = [showNames, showAttributes, showWeights].join(',');
  const made = useScene(layouts, { id: trialId, options, direction, source, tree, expanded });
  return { ...made, source, standIns, tree, expanded };
}
