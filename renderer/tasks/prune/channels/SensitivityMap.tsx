import { Button, useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import type { Sensitivity } from '../../../../main/contract/sensitivity.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { ToolbarSpace } from '../../../design/Task.tsx';
import { useSensitivity } from '../../../state/queries.ts';
import { NONE_LIT, selectLayer, useSelection } from '../../../state/selection.ts';
import { useSession } from '../../../state/session.ts';
import { harmMap, textOn } from '../../../viz/color-maps.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import { GridTools } from '../../../widgets/grid/GridTools.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid } from '../../../widgets/grid/use-grid.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from './channels.module.css';
import { LowerBar, type Shown } from './LowerBar.tsx';
import { layersOf, type GroupRow } from './model.ts';
import {
  lossPlace,
  lossText,
  measureWords,
  sensitivityLines,
  sensitivityScore,
  SHARE_TITLES,
  worstLoss,
  type SensitivityLine,
} from './sensitivity-model.ts';
import { measureSensitivity, setWidth, useSensitivityTask } from './store.ts';

interface SensitivityMapProps {
  readonly step: ChannelPruning;
  readonly rows: readonly GroupRow[];
  readonly onShow: (shown: Shown) => void;
}

/** What it costs to cut each group alone, as a heat map; a click on a cell makes that cut. */
export function SensitivityMap(props: SensitivityMapProps): ReactNode {
  const table = useSensitivity(useSession((state) => state.model?.entry.id ?? null));
  return (
    <Loaded query={table} loading="Looking for what was measured before…">
      {(value) => <Measured {...props} table={value} />}
    </Loaded>
  );
}

function Measured({
  step,
  rows,
  onShow,
  table,
}: SensitivityMapProps & { readonly table: Sensitivity | null }): ReactNode {
  const task = useSensitivityTask();
  const hasData = useSession((state) => state.datasetId !== null);
  const scheme = useComputedColorScheme('light');
  const lines = useMemo(() => sensitivityLines(rows, table), [rows, table]);
  const columns = useMemo(() => columnsOf(step, scheme, worstLoss(table)), [step, scheme, table]);
  const grid = useGrid({ id: 'prune.sensitivity', columns, rows: lines, rowKey });
  const whole = table !== null && table.rows.length >= table.groups;
  const other = table !== null && table.score !== sensitivityScore(step);
  const measure = (
    <Button variant="default" disabled={!hasData} onClick={() => void measureSensitivity(step)}>
      {table === null || other ? 'Measure' : whole ? 'Measure again' : 'Go on'}
    </Button>
  );
  return (
    <>
      <LowerBar shown="sensitivity" onShow={onShow}>
        <span className={`lap-muted ${classes['told'] ?? ''}`} title={table === null ? undefined : measureWords(table)}>
          {table === null ? '' : `${measureWords(table)}${other ? `; by ${table.score}` : ''}`}
        </span>
        <ToolbarSpace />
        <TaskLine state={task.state} title="Cutting groups" onCancel={task.cancel} onDismiss={task.dismiss} />
        {table !== null && task.state.status !== 'running' && measure}
        {table !== null && <GridTools grid={grid} noun="groups" fileName="sensitivity" />}
      </LowerBar>
      {table === null ? (
        <EmptyState
          title={task.state.status === 'running' ? 'The first group is being cut…' : 'Not measured yet'}
          action={task.state.status === 'running' ? undefined : measure}
        >
          Each group is cut alone to six widths, and the outputs are compared with those of the whole model on up to 64
          calibration samples: which groups can be spared, and which cannot.
          {!hasData && ' Add data first.'}
        </EmptyState>
      ) : (
        <>
          <div className={classes['grid']}>
            <DataGrid
              label="Sensitivity of groups"
              grid={grid}
              onSelect={({ group }) => selectLayer(group.producers[0] ?? null, 'chart')}
              onHover={(line) => useSelection.getState().setLit(line === null ? NONE_LIT : layersOf(line.group))}
            />
          </div>
          <Legend worst={worstLoss(table)} scheme={scheme} />
        </>
      )}
    </>
  );
}

function rowKey({ group }: SensitivityLine): string {
  return group.name;
}

function columnsOf(
  step: ChannelPruning,
  scheme: 'light' | 'dark',
  worst: number,
): readonly GridColumn<SensitivityLine>[] {
  return [
    {
      key: 'name',
      title: 'Group',
      width: 'minmax(130px, 1fr)',
      render: ({ group }) => <LayerName name={group.name} />,
      value: ({ group }) => group.name,
    },
    {
      key: 'kept',
      title: 'Now',
      width: '72px',
      align: 'right',
      help: 'What the recipe keeps of the group, of all',
      render: ({ group }) => `${group.kept} / ${group.atoms}`,
      value: ({ group }) => group.kept,
    },
    ...SHARE_TITLES.map((title, at): GridColumn<SensitivityLine> => ({
      key: `share${at}`,
      title,
      width: 'minmax(64px, 0.4fr)',
      align: 'right',
      help: `Distance of the outputs from the whole model’s when only this group is cut, to ${title}. A click makes the cut.`,
      render: (line) => <Cell line={line} at={at} step={step} scheme={scheme} worst={worst} />,
      value: ({ cells }) => cells?.[at]?.loss ?? null,
    })),
  ];
}

interface CellProps {
  readonly line: SensitivityLine;
  readonly at: number;
  readonly step: ChannelPruning;
  readonly scheme: 'light' | 'dark';
  readonly worst: number;
}

function Cell({ line: { group, cells }, at, step, scheme, worst }: CellProps): ReactNode {
  const cell = cells?.[at];
  if (cell === undefined) return '';
  const color = harmMap[scheme](lossPlace(cell.loss, worst));
  const words = `${group.name} to ${cell.kept} of ${group.atoms}: ${lossText(cell.loss)}`;
  return (
    <button
      type="button"
      className={classes['cell']}
      style={{ background: color, color: textOn(color) }}
      aria-label={`Cut ${words}`}
      title={words}
      data-now={cell.kept === group.kept}
      onClick={(event) => {
        event.stopPropagation();
        setWidth(step, group.name, cell.kept);
      }}
    >
      {lossText(cell.loss)}
    </button>
  );
}

/** What the colours mean. */
function Legend({ worst, scheme }: { readonly worst: number; readonly scheme: 'light' | 'dark' }): ReactNode {
  const stops = Array.from({ length: 9 }, (_, at) => harmMap[scheme](at / 8)).join(', ');
  return (
    <div className={classes['legend']}>
      <span>0</span>
      <span className={classes['ramp']} style={{ background: `linear-gradient(to right, ${stops})` }} aria-hidden />
      <span>{lossText(worst)}, the worst</span>
      <span className="lap-muted">half of the scale: {lossText(worst / 4)} · outlined: what the recipe keeps</span>
    </div>
  );
}
