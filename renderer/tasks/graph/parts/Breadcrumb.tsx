import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { GraphCanvas } from '../../../viz/graph/graph-canvas.ts';
import { frameSeen } from '../../../viz/graph/scene.ts';
import type { Scene } from '../../../viz/graph/scene.ts';
import { pathTo } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import classes from './Breadcrumb.module.css';

interface BreadcrumbProps {
  readonly canvas: GraphCanvas;
  readonly scene: Scene;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
  /** The layer or the group that is selected. */
  readonly selected: string | null;
}

/** Where in the model one is: the groups, subgraphs and functions around what is selected, or else around what fills the view. */
export function Breadcrumb({ canvas, scene, tree, expanded, selected }: BreadcrumbProps): ReactNode {
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => canvas.watch((rect) => setSeen(frameSeen(scene, rect))), [canvas, scene]);
  const path = useMemo(() => pathTo(tree, selected ?? seen), [tree, selected, seen]);
  const open = path.filter(({ id }) => expanded.has(id));
  if (open.length === 0) return null;
  return (
    <nav className={classes['path']} aria-label="Where in the model">
      <button type="button" className={classes['step']} onClick={() => canvas.fit()}>
        model
      </button>
      {open.map(({ id, title, what }, at) => (
        <span key={id} className={classes['part']}>
          <span aria-hidden>›</span>
          <button
            type="button"
            className={classes['step']}
            aria-current={at === open.length - 1 ? 'location' : undefined}
            title={id}
            onClick={() => canvas.show(id)}
          >
            {what === null || title.includes(what) ? title : `${title} · ${what}`}
          </button>
        </span>
      ))}
    </nav>
  );
}
