import { useEffect, useMemo, useState } from 'react';
import type { GraphView } from '../../../main/contract/studio.ts';
import { useUi } from '../../state/ui.ts';
import type { GraphSource } from '../../viz/graph/graph-source.ts';
import { LayoutClient } from '../../viz/graph/layout-client.ts';
import type { Scene } from '../../viz/graph/scene.ts';
import { startExpanded } from '../../viz/graph/scope-tree.ts';
import { startLayoutWorker } from '../../viz/graph/start-layout-worker.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';
import { drawnGraph, drawnTree, fontsReady, visibleBoxes } from './drawn-graph.ts';
import { useGraph } from './store.ts';

const layouts = new LayoutClient(startLayoutWorker);

export interface GraphScene {
  readonly source: GraphSource;
  /** Layers without a box of their own, and the layer whose box says it. */
  readonly standIns: ReadonlyMap<string, string>;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
  /** Null until the first layout is there; later the last one while the next is made. */
  readonly scene: Scene | null;
  readonly busy: boolean;
  readonly error: string | null;
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
  const key = useMemo(() => {
    const options = [showNames, showAttributes, showWeights, direction].join(',');
    return [trialId, options, [...expanded].sort().join('\u0000')].join('\u0001');
  }, [trialId, expanded, direction, showNames, showAttributes, showWeights]);
  const [made, setMade] = useState<Made | null>(null);

  useEffect(() => {
    let wanted = true;
    makeScene({ key, direction, source, tree, expanded }).then(
      (scene) => wanted && setMade({ key, trialId, scene, error: null }),
      (error: unknown) => wanted && setMade({ key, trialId, scene: null, error: String(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [key, trialId, source, tree, expanded, direction]);

  const scene = made?.trialId === trialId ? made.scene : null;
  const error = made?.key === key ? made.error : null;
  return { source, standIns, tree, expanded, scene, busy: made?.key !== key, error };
}

interface Made {
  readonly key: string;
  readonly trialId: string;
  readonly scene: Scene | null;
  readonly error: string | null;
}

interface SceneOrder {
  readonly key: string;
  readonly direction: 'down' | 'right';
  readonly source: GraphSource;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
}

async function makeScene({ key, direction, source, tree, expanded }: SceneOrder): Promise<Scene> {
  await fontsReady();
  return layouts.layout(key, direction, () => visibleBoxes(source, tree, expanded));
}
