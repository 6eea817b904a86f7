import { ActionIcon, Divider, Group, SegmentedControl, Tooltip } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowRight,
  IconCode,
  IconFoldDown,
  IconFoldUp,
  IconMaximize,
  IconMinus,
  IconPlus,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { OVERLAY_TITLES, OVERLAYS, useOverlay } from '../../../state/overlay.ts';
import type { OverlayMetric } from '../../../state/overlay.ts';
import { useUi } from '../../../state/ui.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
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
  const direction = useUi((state) => state.direction);
  const asWritten = useUi((state) => state.asWritten);
  const groups = groupsIn(tree);
  const turn = direction === 'down' ? 'Draw from left to right' : 'Draw from top to bottom';
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
      <Group gap={2} className={classes['box'] ?? ''}>
        {groups.size > 0 && (
          <>
            <Tool label="Expand all groups" onClick={() => setAll(trialId, [...groups.keys()])}>
              <IconFoldDown size={15} />
            </Tool>
            <Tool label="Collapse all groups" disabled={expanded.size === 0} onClick={() => setAll(trialId, [])}>
              <IconFoldUp size={15} />
            </Tool>
            <Divider orientation="vertical" mx={2} />
          </>
        )}
        <Tool
          label={asWritten ? 'Show layers' : 'Show nodes as they are written'}
          pressed={asWritten}
          onClick={() => useUi.getState().toggle('asWritten')}
        >
          <IconCode size={15} />
        </Tool>
        <Tool label={turn} onClick={() => useUi.getState().set({ direction: direction === 'down' ? 'right' : 'down' })}>
          {direction === 'down' ? <IconArrowDown size={15} /> : <IconArrowRight size={15} />}
        </Tool>
        <Tool label="Zoom out" onClick={graphController.zoomOut}>
          <IconMinus size={15} />
        </Tool>
        <Tool label="Zoom in" onClick={graphController.zoomIn}>
          <IconPlus size={15} />
        </Tool>
        <Tool label="Fit the whole graph (Space)" onClick={graphController.fit}>
          <IconMaximize size={15} />
        </Tool>
      </Group>
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  /** For a tool that switches something: whether it is on. */
  readonly pressed?: boolean;
  readonly children: ReactNode;
}

function Tool({ label, onClick, disabled = false, pressed, children }: ToolProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        aria-pressed={pressed}
        variant={pressed === true ? 'light' : 'subtle'}
        color={pressed === true ? 'lapis' : 'gray'}
        onClick={onClick}
        disabled={disabled}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function setAll(trialId: string, ids: readonly string[]): void {
  useGraph.getState().setExpanded(trialId, new Set(ids));
}
