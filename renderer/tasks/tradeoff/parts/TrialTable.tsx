import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Trial } from '../../../../main/contract/studio.ts';
import { formatBytes, formatCompact, formatMs, formatPercent, formatPredicted } from '../../../../main/judge/format.ts';
import type { Range } from '../../../../main/judge/predict/range.ts';
import type { PredictedTrial } from '../../../../main/judge/predict/trial.ts';
import { shownTrialId, useSession } from '../../../state/session.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid } from '../../../widgets/grid/use-grid.ts';
import { benefitOf, costOf } from '../model.ts';
import type { Ground } from '../model.ts';
import type { TradeoffPoint } from '../model.ts';
import { openPoint } from '../store.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly top1: Range | null;
  readonly agreement: Range | null;
  readonly cosine: Range | null;
  readonly latency: Range | null;
  readonly size: Range | null;
  readonly macs: Range | null;
  readonly sparsity: number | null;
  readonly predicted: boolean;
  readonly onFront: boolean;
  readonly meets: boolean;
}

const number = (
  key: 'top1' | 'agreement' | 'cosine' | 'latency' | 'size' | 'macs',
  title: string,
  format: (value: number) => string,
): GridColumn<Row> => ({
  key,
  title,
  width: '124px',
  align: 'right',
  render: (row) => {
    const range = row[key];
    if (range === null) return '–';
    if (row.predicted) return formatPredicted(format(range.value));
    const spread = `${format(range.low)} … ${format(range.high)}`;
    return <span title={spread}>{key === 'latency' ? format(range.value) : withSpread(range, format)}</span>;
  },
  value: (row) => row[key]?.value ?? null,
});

const COLUMNS: readonly GridColumn<Row>[] = [
  { key: 'name', title: 'Trial', width: 'minmax(110px, 1.5fr)', render: (row) => row.name, value: (row) => row.name },
  {
    key: 'front',
    title: 'Front',
    width: '52px',
    help: 'On the Pareto front: no other trial is both cheaper and better.',
    render: (row) => (row.onFront ? '●' : ''),
    value: (row) => Number(row.onFront),
  },
  {
    key: 'meets',
    title: 'Budget',
    width: '58px',
    help: 'Whether it meets the budget lines.',
    render: (row) => (row.meets ? '✓' : ''),
    value: (row) => Number(row.meets),
  },
  number('top1', 'Top-1', formatPercent),
  number('agreement', 'Agreement', formatPercent),
  {
    ...number('cosine', 'Cosine', (value) => value.toFixed(4)),
    width: '72px',
    help: 'Of the outputs with the baseline’s.',
  },
  { ...number('latency', 'Latency', formatMs), width: '84px', help: 'p50; point at a number to see its spread.' },
  { ...number('size', 'Size', formatBytes), width: '84px' },
  { ...number('macs', 'Eff. MACs', formatCompact), width: '84px' },
  {
    key: 'sparsity',
    title: 'Sparsity',
    width: '74px',
    align: 'right',
    render: (row) => (row.sparsity === null ? '–' : formatPercent(row.sparsity)),
    value: (row) => row.sparsity,
  },
  { key: 'status', title: 'Status', width: '84px', render: (row) => row.status, value: (row) => row.status },
];

export interface TrialTableProps {
  readonly trials: readonly Trial[];
  readonly points: readonly TradeoffPoint[];
  /** What the recipe being edited is expected to give; null when it is measured or empty. */
  readonly predicted: PredictedTrial | null;
  /** What each metric is read under. */
  readonly ground: Ground;
}

/** Every trial with all its numbers: the table twin of the scatter. Enter opens, Shift+Enter compares. */
export function TrialTable({ trials, points, predicted, ground }: TrialTableProps): ReactNode {
  const shownId = useSession(shownTrialId);
  const rows = useMemo(() => {
    const byId = new Map(points.map((point) => [point.id, point]));
    const measured = trials.map((trial): Row => rowOf(trial, byId.get(trial.id), ground));
    return predicted === null ? measured : [...measured, guessRow(predicted, byId.get('predicted'))];
  }, [trials, points, predicted, ground]);
  // Class scores are counted, other outputs compared: a model has one or the other, and the table room for one.
  const counted = rows.some((row) => row.top1 !== null || (row.agreement !== null && row.agreement.value < 1));
  const compared = rows.some((row) => row.cosine !== null && row.cosine.value < 1);
  const unused = counted || !compared ? ['cosine'] : ['top1', 'agreement'];
  const left = unused.join(' ');
  const columns = useMemo(() => COLUMNS.filter((column) => !left.split(' ').includes(column.key)), [left]);
  const grid = useGrid({ id: 'trials', columns, rows, rowKey });
  return (
    <DataGrid
      label="Trials"
      grid={grid}
      selected={new Set(shownId === null ? [] : [shownId])}
      scrollTo={shownId}
      onSelect={(row, { shiftKey }) => openPoint(row.id, shiftKey)}
    />
  );
}

const rowKey = (row: Row): string => row.id;

function rowOf(trial: Trial, point: TradeoffPoint | undefined, ground: Ground): Row {
  return {
    id: trial.id,
    name: trial.baseline && trial.name !== 'Baseline' ? `${trial.name} (baseline)` : trial.name,
    status: trial.status === 'done' ? 'measured' : trial.status,
    top1: benefitOf(trial, 'top1', ground),
    agreement: benefitOf(trial, 'agreement', ground),
    cosine: benefitOf(trial, 'cosine', ground),
    latency: costOf(trial, 'latency', ground),
    size: costOf(trial, 'size', ground),
    macs: costOf(trial, 'macs', ground),
    sparsity: trial.sparsity,
    predicted: false,
    onFront: point?.onFront ?? false,
    meets: point?.meets ?? false,
  };
}

function guessRow(predicted: PredictedTrial, point: TradeoffPoint | undefined): Row {
  const { goodness, latencyMs, bytes, effectiveMacs, cut } = predicted;
  return {
    id: 'predicted',
    name: 'The recipe being edited',
    status: 'predicted',
    predicted: true,
    top1: goodness?.metric === 'top1' ? goodness : null,
    agreement: goodness?.metric === 'agreement' ? goodness : null,
    cosine: goodness?.metric === 'cosine' ? goodness : null,
    latency: latencyMs,
    size: exact(bytes),
    macs: exact(effectiveMacs),
    sparsity: cut?.sparsity ?? null,
    onFront: false,
    meets: point?.meets ?? false,
  };
}

function exact(value: number | null): Range | null {
  return value === null ? null : { value, low: value, high: value };
}

function withSpread(range: Range, format: (value: number, digits?: number) => string): string {
  const half = Math.max(range.high - range.value, range.value - range.low);
  return half > 0 ? `${format(range.value)} ± ${format(half, 2)}` : format(range.value);
}
