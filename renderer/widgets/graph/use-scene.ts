import { useEffect, useMemo, useState } from 'react';
import type { GraphSource } from '../../viz/graph/graph-source.ts';
import type { LayoutClient } from '../../viz/graph/layout-client.ts';
import type { Direction } from '../../viz/graph/place-container.ts';
import type { Scene } from '../../viz/graph/scene.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';
import { fontsReady, visibleBoxes } from './drawn-graph.ts';

export interface SceneOrder {
  /** Whose graph it is; a scene of another one is not shown while the next is made. */
  readonly id: string;
  /** Everything else that the drawing depends on, in words. */
  readonly options: string;
  readonly direction: Direction;
  readonly source: GraphSource;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
}

export interface MadeScene {
  /** Null until the first layout is there; later the last one while the next is made. */
  readonly scene: Scene | null;
  readonly busy: boolean;
  readonly error: string | null;
}

interface Made {
  readonly key: string;
  readonly id: string;
  readonly scene: Scene | null;
  readonly error: string | null;
}

/** The laid out drawing of a graph for the groups that are open. @param layouts of this picture alone: a new order gives up its last */
export function useScene(layouts: LayoutClient, order: SceneOrder): MadeScene {
  const { id, options, direction, source, tree, expanded } = order;
  const open = useMemo(() => [...expanded].sort().join('\u0000'), [expanded]);
  const key = useMemo(() => [id, options, direction, open].join('\u0001'), [id, options, direction, open]);
  const [made, setMade] = useState<Made | null>(null);

  useEffect(() => {
    let wanted = true;
    makeScene(layouts, key, { direction, source, tree, expanded }).then(
      (scene) => wanted && setMade({ key, id, scene, error: null }),
      (error: unknown) => wanted && setMade({ key, id, scene: null, error: String(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [layouts, key, id, source, tree, expanded, direction]);

  return {
    scene: made?.id === id ? made.scene : null,
    busy: made?.key !== key,
    error: made?.key === key ? made.error : null,
  };
}

async function makeScene(
  layouts: LayoutClient,
  key: string,
  { direction, source, tree, expanded }: Omit<SceneOrder, 'id' | 'options'>,
): Promise<Scene> {
  await fontsReady();
  return layouts.layout(key, direction, () => visibleBoxes(source, tree, expanded));
}
