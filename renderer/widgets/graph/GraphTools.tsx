import { ActionIcon, Divider, Group, Tooltip } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowRight,
  IconFoldDown,
  IconFoldUp,
  IconMaximize,
  IconMinus,
  IconPhotoDown,
  IconPlus,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useUi } from '../../state/ui.ts';
import classes from './GraphTools.module.css';

/** What the tools do to a graph on screen. */
interface GraphControls {
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  readonly fit: () => void;
  /** Saves a picture. */
  readonly picture: () => void;
}

export interface GraphToolsProps extends GraphControls {
  /** Ids of all groups. */
  readonly groups: readonly string[];
  readonly anyOpen: boolean;
  /** Opens these groups and no others. */
  readonly onOpen: (groups: readonly string[]) => void;
  /** Further tools, beside those that turn the picture. */
  readonly children?: ReactNode;
}

/** The tools over a graph: groups, direction, zoom. */
export function GraphTools({ groups, anyOpen, onOpen, children, ...controls }: GraphToolsProps): ReactNode {
  const direction = useUi((state) => state.direction);
  const turn = direction === 'down' ? 'Draw from left to right' : 'Draw from top to bottom';
  return (
    <Group gap={2} className={classes['box'] ?? ''}>
      {groups.length > 0 && (
        <>
          <GraphTool label="Expand all groups" onClick={() => onOpen(groups)}>
            <IconFoldDown size={15} />
          </GraphTool>
          <GraphTool label="Collapse all groups" disabled={!anyOpen} onClick={() => onOpen([])}>
            <IconFoldUp size={15} />
          </GraphTool>
          <Divider orientation="vertical" mx={2} />
        </>
      )}
      {children}
      <GraphTool
        label={turn}
        onClick={() => useUi.getState().set({ direction: direction === 'down' ? 'right' : 'down' })}
      >
        {direction === 'down' ? <IconArrowDown size={15} /> : <IconArrowRight size={15} />}
      </GraphTool>
      <GraphTool label="Zoom out" onClick={controls.zoomOut}>
        <IconMinus size={15} />
      </GraphTool>
      <GraphTool label="Zoom in" onClick={controls.zoomIn}>
        <IconPlus size={15} />
      </GraphTool>
      <GraphTool label="Fit the whole graph (Space)" onClick={controls.fit}>
        <IconMaximize size={15} />
      </GraphTool>
      <GraphTool label="Save a picture…" onClick={controls.picture}>
        <IconPhotoDown size={15} />
      </GraphTool>
    </Group>
  );
}

interface GraphToolProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  /** For a tool that switches something: whether it is on. */
  readonly pressed?: boolean;
  readonly children: ReactNode;
}

/** One tool: an icon with its name as a tip. */
export function GraphTool({ label, onClick, disabled = false, pressed, children }: GraphToolProps): ReactNode {
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
