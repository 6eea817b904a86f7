import { ActionIcon, Text } from '@mantine/core';
import { IconPin, IconPinFilled } from '@tabler/icons-react';
import { useEffect, useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { formatPercent } from '../../../../main/judge/format.ts';
import { NONE_LIT, selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid, type Grid } from '../../../widgets/grid/use-grid.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import classes from './channels.module.css';
import { handWidths, layersOf, type GroupRow } from './model.ts';
import { ScoreStrip } from './ScoreStrip.tsx';
import { dragWidth, setWidth } from './store.ts';
import { WidthSlider } from './WidthSlider.tsx';

/** The groups of a plan as a grid, for the table and its tools. */
export function useGroupGrid(plan: ChannelPlan, step: ChannelPruning, rows: readonly GroupRow[]): Grid<GroupRow> {
  const columns = useMemo(() => columnsOf(plan, step), [plan, step]);
  return useGrid({ id: 'prune.groups', columns, rows, rowKey });
}

/** Groups of channels with a slider each, and what is frozen with the reason. */
export function GroupGrid({
  grid,
  rows,
}: {
  readonly grid: Grid<GroupRow>;
  readonly rows: readonly GroupRow[];
}): ReactNode {
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const holding = (name: string | null): readonly string[] =>
    name === null ? [] : rows.filter((row) => row.producers.includes(name)).map(rowKey);
  const selected = new Set(holding(layer));
  useEffect(() => () => useSelection.getState().setLit(NONE_LIT), []);
  return (
    <DataGrid
      label="Groups of channels"
      grid={grid}
      selected={selected}
      lit={new Set(holding(hover))}
      onSelect={(row) => selectLayer(row.producers[0] ?? null, 'chart')}
      onHover={(row) => useSelection.getState().setLit(row === null ? NONE_LIT : layersOf(row))}
      empty={
        <Text className="lap-muted" p="sm">
          No group passes the filter.
        </Text>
      }
    />
  );
}

/** Frozen layers may be called like a group of theirs. */
function rowKey({ name, at }: GroupRow): string {
  return at < 0 ? `frozen ${name}` : name;
}

function columnsOf(plan: ChannelPlan, step: ChannelPruning): readonly GridColumn<GroupRow>[] {
  return [
    {
      key: 'name',
      title: 'Group',
      width: 'minmax(130px, 1fr)',
      help: 'Channels that can only go together, called after the first layer that gives them. Pointing at a group lights up its layers.',
      render: (row) => <LayerName name={row.name} />,
      value: (row) => row.name,
    },
    {
      key: 'kind',
      title: 'Kind',
      width: '82px',
      render: (row) => <span className="lap-muted">{kindOf(row)}</span>,
      value: kindOf,
    },
    {
      key: 'kept',
      title: 'Kept',
      width: '78px',
      align: 'right',
      help: 'Channels, units or heads that stay, of all',
      render: (row) => (row.at < 0 ? '' : <Kept row={row} />),
      value: (row) => (row.at < 0 ? null : row.kept),
    },
    {
      key: 'width',
      title: 'Width',
      width: 'minmax(130px, 1.2fr)',
      help: 'Sets this group’s own width; arrows go to the next allowed width, with Shift by one. A pinned group no longer follows the target until it is let go (Delete).',
      render: (row) =>
        row.frozen === null ? (
          <OwnWidth plan={plan} step={step} row={row} />
        ) : (
          <span className="lap-muted" title={row.frozen}>
            {row.frozen}
          </span>
        ),
      value: (row) => row.frozen,
    },
    {
      key: 'scores',
      title: 'Scores',
      width: 'minmax(70px, 0.6fr)',
      help: 'Scores of its channels, the highest first: what stays is filled, what goes is pale',
      render: (row) => (row.at < 0 ? '' : <ScoreStrip plan={plan} score={step.score} row={row} />),
    },
    {
      key: 'lost',
      title: 'Energy lost',
      width: '86px',
      align: 'right',
      unit: 'share',
      help: 'Share of the group’s sum of squared weights that goes',
      render: (row) => (row.lost === null || row.lost === 0 ? '' : formatPercent(row.lost)),
      value: (row) => row.lost,
    },
    {
      key: 'producers',
      title: 'Given by',
      width: 'minmax(120px, 0.8fr)',
      optional: true,
      render: (row) => row.producers.join(', '),
      value: (row) => row.producers.join(' '),
    },
    {
      key: 'consumers',
      title: 'Taken by',
      width: 'minmax(120px, 0.8fr)',
      optional: true,
      render: (row) => row.consumers.join(', '),
      value: (row) => row.consumers.join(' '),
    },
    {
      key: 'each',
      title: 'Elements each',
      width: '96px',
      align: 'right',
      optional: true,
      help: 'Elements of the first giving layer that one of them stands for: the features of a head',
      render: (row) => (row.at < 0 ? '' : String(row.each)),
      value: (row) => (row.at < 0 ? null : row.each),
    },
  ];
}

const KINDS = { channel: 'channels', unit: 'units', head: 'heads' } as const;

function kindOf({ kind, excluded }: GroupRow): string {
  if (kind === null) return 'frozen';
  return excluded ? 'left alone' : KINDS[kind];
}

function Kept({ row }: { readonly row: GroupRow }): ReactNode {
  return (
    <>
      <b>{row.kept}</b>
      <span className="lap-muted"> / {row.atoms}</span>
    </>
  );
}

interface OwnWidthProps {
  readonly plan: ChannelPlan;
  readonly step: ChannelPruning;
  readonly row: GroupRow;
}

function OwnWidth({ plan, step, row }: OwnWidthProps): ReactNode {
  const allowed = handWidths(plan, step, row.at);
  const title = row.own ? `Let ${row.name} follow the target` : `Keep ${row.name} at ${row.kept}`;
  return (
    <span className={classes['own']}>
      <WidthSlider row={row} allowed={allowed} onDrag={(width) => dragWidth(step, row.name, width)} />
      <ActionIcon
        size={18}
        aria-label={title}
        title={title}
        aria-pressed={row.own}
        disabled={row.excluded}
        onClick={(event) => {
          event.stopPropagation();
          setWidth(step, row.name, row.own ? null : row.kept);
        }}
      >
        {row.own ? <IconPinFilled size={13} /> : <IconPin size={13} />}
      </ActionIcon>
    </span>
  );
}
