import { useEffect, useMemo } from 'react';
import type { ReactNode } from 'react';
import { Badge, SegmentedControl, Text, TextInput } from '@mantine/core';
import type { Comparison } from '../../../../main/contract/studio.ts';
import { formatCompact, formatDb, formatMs } from '../../../../main/judge/format.ts';
import { useSelection } from '../../../state/selection.ts';
import { divergingMap } from '../../../viz/color-maps.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid } from '../../../widgets/grid/use-grid.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import classes from '../CompareView.module.css';
import {
  MATCH_WORDS,
  compareRows,
  countStatuses,
  changeStrength,
  filterCompareRows,
  largestDelta,
  sayWeights,
} from '../model.ts';
import type { CompareFilter, CompareRow } from '../model.ts';
import { LAYER_VIEWS, hoverRow, selectRow, stepDifference, useCompareUi, useSelectedRow } from '../store.ts';
import type { LayerView } from '../store.ts';
import { DiffGraphs } from './DiffGraphs.tsx';

const VIEW_TITLES: Readonly<Record<LayerView, string>> = {
  table: 'Table',
  beside: 'Side by side',
  together: 'Overlaid',
};

const STATUS_COLORS: Readonly<Record<CompareRow['status'], string>> = {
  same: 'gray',
  changed: 'yellow',
  added: 'blue',
  removed: 'orange',
};

/** The layers of both models, matched; what changed, and by how much. */
export function LayerDiff({ comparison }: { readonly comparison: Comparison }): ReactNode {
  const { filter, search, view } = useCompareUi();
  const rows = useMemo(() => compareRows(comparison), [comparison]);
  const shown = useMemo(() => filterCompareRows(rows, filter, search), [rows, filter, search]);
  const columns = useMemo(() => columnsFor(rows), [rows]);
  const counts = useMemo(() => countStatuses(rows), [rows]);
  const byKey = useMemo(() => new Map(rows.map((row) => [row.key, row])), [rows]);
  const selected = useSelectedRow(byKey)?.key ?? null;
  const revision = useSelection((state) => state.revision);
  const hovered = useCompareUi((state) => state.hovered);
  const grid = useGrid({ id: 'compared', columns, rows: shown, rowKey });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'F7' || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      stepDifference(rows, event.shiftKey ? -1 : 1);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [rows]);
  const timed = rows.some((row) => row.timeDeltaMs !== null);
  if (view !== 'table') return <DiffGraphs comparison={comparison} rows={rows} how={view} lead={<ViewSwitch />} />;
  return (
    <>
      <div className={classes['toolbar']}>
        <ViewSwitch />
        <Filters rows={rows} filter={filter} search={search} />
        {!timed && <Text className="lap-muted">Profile both trials to see times by layer.</Text>}
      </div>
      <div className={classes['table']}>
        <DataGrid
          label="Layers compared"
          grid={grid}
          selected={new Set(selected === null ? [] : [selected])}
          hovered={hovered}
          scrollTo={selected}
          scrollRevision={revision}
          onSelect={(row) => selectRow(row)}
          onHover={hoverRow}
          empty={
            <Text className="lap-muted" p="sm">
              {counts.same === rows.length ? 'All layers are the same.' : 'No layer passes the filter.'}
            </Text>
          }
        />
      </div>
    </>
  );
}

const rowKey = (row: CompareRow): string => row.key;

function ViewSwitch(): ReactNode {
  const view = useCompareUi((state) => state.view);
  return (
    <SegmentedControl
      aria-label="Layers as"
      value={view}
      onChange={(value) => useCompareUi.setState({ view: value as LayerView })}
      data={LAYER_VIEWS.map((value) => ({ value, label: VIEW_TITLES[value] }))}
    />
  );
}

interface FiltersProps {
  readonly rows: readonly CompareRow[];
  readonly filter: CompareFilter;
  readonly search: string;
}

function Filters({ rows, filter, search }: FiltersProps): ReactNode {
  const counts = countStatuses(rows);
  return (
    <>
      <SegmentedControl
        aria-label="Filter layers"
        value={filter}
        onChange={(value) => useCompareUi.setState({ filter: value as CompareFilter })}
        data={[
          { value: 'different', label: `Different ${rows.length - counts.same}` },
          { value: 'changed', label: `Changed ${counts.changed}` },
          { value: 'added', label: `Added ${counts.added}` },
          { value: 'removed', label: `Removed ${counts.removed}` },
          { value: 'all', label: `All ${rows.length}` },
        ]}
      />
      <TextInput
        aria-label="Search layers"
        placeholder="Name or operator"
        value={search}
        w={170}
        onChange={(event) => useCompareUi.setState({ search: event.currentTarget.value })}
      />
    </>
  );
}

/** A time, or that another layer's time holds it: that one's, in brackets. */
function timeText(ms: number | null, fused: CompareRow['fusedA']): ReactNode {
  if (fused === null) return ms === null ? '–' : formatMs(ms);
  const text = fused.timeMs === null ? 'fused' : `(${formatMs(fused.timeMs)})`;
  return <span title={`fused into ${fused.into}`}>{text}</span>;
}

const NAME_IN_B: GridColumn<CompareRow> = {
  key: 'nameB',
  title: 'In B',
  width: 'minmax(110px, 1fr)',
  render: (row) => (row.nameB === null ? '' : <LayerName name={row.nameB} />),
  value: (row) => row.nameB,
};

function columnsFor(rows: readonly CompareRow[]): readonly GridColumn<CompareRow>[] {
  const unrelated = rows.some(({ matchedBy }) => matchedBy !== null && matchedBy !== 'recipe');
  const largestTime = largestDelta(rows, 'timeDeltaMs');
  const largestParameters = largestDelta(rows, 'parametersDelta');
  const delta = (value: number | null, largest: number, format: (value: number) => string): ReactNode => {
    if (value === null) return '–';
    if (value === 0) return '0';
    const strength = changeStrength(value, largest);
    const share = 12 + 43 * Math.abs(strength);
    const color = `color-mix(in srgb, ${divergingMap(strength < 0 ? 0.1 : 0.9)} ${share}%, transparent)`;
    return (
      <span className={classes['delta']} style={{ background: color }}>
        {value > 0 ? '+' : '−'}
        {format(Math.abs(value))}
      </span>
    );
  };
  return [
    {
      key: 'status',
      title: 'Status',
      width: '86px',
      render: (row) => (
        <Badge tt="none" color={STATUS_COLORS[row.status]}>
          {row.status}
        </Badge>
      ),
      value: (row) => row.status,
    },
    {
      key: 'name',
      title: 'Layer',
      width: 'minmax(140px, 1.4fr)',
      render: (row) => <LayerName name={row.name} />,
      value: (row) => row.name,
    },
    ...(rows.some(({ nameB }) => nameB !== null) ? [NAME_IN_B] : []),
    { key: 'op', title: 'Op', width: 'minmax(90px, 0.8fr)', render: (row) => row.op, value: (row) => row.op },
    {
      key: 'ta',
      title: 'Time A',
      width: '76px',
      align: 'right',
      render: (row) => timeText(row.timeAMs, row.fusedA),
      value: (row) => row.timeAMs,
    },
    {
      key: 'tb',
      title: 'Time B',
      width: '76px',
      align: 'right',
      render: (row) => timeText(row.timeBMs, row.fusedB),
      value: (row) => row.timeBMs,
    },
    {
      key: 'dt',
      title: 'Δ time',
      width: '96px',
      align: 'right',
      help: 'B minus A; blue is less, red is more.',
      render: (row) => delta(row.timeDeltaMs, largestTime, formatMs),
      value: (row) => row.timeDeltaMs,
    },
    {
      key: 'dp',
      title: 'Δ parameters',
      width: '100px',
      align: 'right',
      help: 'Non-zero or not, as stored: B minus A.',
      render: (row) => delta(row.parametersDelta, largestParameters, formatCompact),
      value: (row) => row.parametersDelta,
    },
    {
      key: 'weights',
      title: 'Weights',
      width: '84px',
      align: 'right',
      help: 'How far the weights of B are from those of A: signal to noise in dB, where they differ and their shapes agree. Quantized ones count as what they stand for; × where a factor for each channel is left out, as a normalization that is folded in brings.',
      render: ({ weights }) =>
        weights === null ? (
          ''
        ) : (
          <span title={sayWeights(weights)}>
            {weights.scaled ? '× ' : ''}
            {formatDb(weights.sqnrDb)}
          </span>
        ),
      value: ({ weights }) => weights?.sqnrDb ?? null,
      optional: rows.every(({ weights }) => weights === null),
    },
    {
      key: 'match',
      title: 'Matched by',
      width: '96px',
      help: 'Why the two layers are taken for the same one.',
      render: (row) => (row.matchedBy === null ? '–' : <span title={MATCH_WORDS[row.matchedBy]}>{row.matchedBy}</span>),
      value: (row) => row.matchedBy,
      optional: !unrelated,
    },
    {
      key: 'changes',
      title: 'What changed',
      width: 'minmax(110px, 1fr)',
      render: (row) => <span title={row.changes.join(', ')}>{row.changes.join(', ')}</span>,
      value: (row) => row.changes.length,
    },
  ];
}
