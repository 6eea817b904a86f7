import { IconCode } from '@tabler/icons-react';
import { memo, useMemo } from 'react';
import type { ReactNode } from 'react';
import { Choice } from '../../../design/Choice.tsx';
import { OVERLAY_TITLES, OVERLAYS, useOverlay } from '../../../state/overlay.ts';
import { useUi } from '../../../state/ui.ts';
import { drawnBox, groupsIn, pathTo } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import { GraphTool, GraphTools } from '../../../widgets/graph/GraphTools.tsx';
import { graphController, useGraph } from '../store.ts';
import classes from './GraphToolbar.module.css';

interface GraphToolbarProps {
  readonly trialId: string;
  readonly tree: ScopeGroup;
  readonly expanded: ReadonlySet<string>;
}

/** Over the canvas: what the layers are coloured by, and the view's controls. */
export const GraphToolbar = memo(function GraphToolbar({ trialId, tree, expanded }: GraphToolbarProps): ReactNode {
  const groups = useMemo(() => [...groupsIn(tree).keys()], [tree]);
  const asWritten = useUi((state) => state.asWritten);
  return (
    <div className={classes['toolbar']}>
      <div className={classes['box']}>
        <span className={classes['label']} id="overlay-label">
          Overlay
        </span>
        <OverlayChoice />
      </div>
      <GraphTools
        groups={groups}
        anyOpen={expanded.size > 0}
        onOpen={(open) => openGroups(trialId, tree, new Set(open))}
        {...graphController}
      >
        <GraphTool
          label={asWritten ? 'Show layers' : 'Show nodes as they are written'}
          pressed={asWritten}
          onClick={() => useUi.getState().toggle('asWritten')}
        >
          <IconCode size={15} />
        </GraphTool>
      </GraphTools>
    </div>
  );
});

const CHOICES = OVERLAYS.map((value) => ({ value, label: OVERLAY_TITLES[value] }));

function OverlayChoice(): ReactNode {
  const metric = useOverlay((state) => state.metric);
  return (
    <Choice
      aria-labelledby="overlay-label"
      value={metric}
      onChange={(value) => useOverlay.getState().setMetric(value)}
      data={CHOICES}
    />
  );
}

/** Opens these groups and no others; what stands in the middle of the view stays there, or the box that stands for it. */
function openGroups(trialId: string, tree: ScopeGroup, open: ReadonlySet<string>): void {
  const { canvas, setExpanded } = useGraph.getState();
  const middle = canvas?.middle ?? null;
  setExpanded(trialId, open, middle === null ? null : standsFor(tree, open, middle));
}

/** What is drawn for a layer or a group while these groups are open. */
function standsFor(tree: ScopeGroup, open: ReadonlySet<string>, id: string): string {
  const group = groupsIn(tree).get(id);
  if (group === undefined) return drawnBox(tree, open, id);
  return pathTo(tree, id).find((outer) => !open.has(outer.id))?.id ?? id;
}
