import { SegmentedControl } from '@mantine/core';
import { IconCode } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { OVERLAY_TITLES, OVERLAYS, useOverlay } from '../../../state/overlay.ts';
import type { OverlayMetric } from '../../../state/overlay.ts';
import { useUi } from '../../../state/ui.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
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
export function GraphToolbar({ trialId, tree, expanded }: GraphToolbarProps): ReactNode {
  const metric = useOverlay((state) => state.metric);
  const asWritten = useUi((state) => state.asWritten);
  return (
    <div className={classes['toolbar']}>
      <div className={classes['box']}>
        <span className={classes['label']} id="overlay-label">
          Overlay
        </span>
        <SegmentedControl
          aria-labelledby="overlay-label"
          value={metric}
          onChange={(value) => useOverlay.getState().setMetric(value as OverlayMetric)}
          data={OVERLAYS.map((value) => ({ value, label: OVERLAY_TITLES[value] }))}
        />
      </div>
      <GraphTools
        groups={[...groupsIn(tree).keys()]}
        anyOpen={expanded.size > 0}
        onOpen={(groups) => useGraph.getState().setExpanded(trialId, new Set(groups))}
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
}
