import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { formatCount, formatPercent } from '../../../main/judge/format.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import type { GridColumn } from '../grid/grid-column.ts';
import { useGrid } from '../grid/use-grid.ts';
import classes from './Accuracy.module.css';
import { classAccuracies, confusedPairs } from './confusion.ts';
import type { ClassAccuracy, ConfusedPair, Confusion, ConfusionCell } from './confusion.ts';

interface ConfusionTablesProps {
  readonly confusion: Confusion;
  readonly active: ConfusionCell | null;
  readonly onActive: (cell: ConfusionCell | null) => void;
}

const keyOfPair = (pair: ConfusionCell): string => `${pair.truth}:${pair.prediction}`;

const keyOfClass = (row: ClassAccuracy): string => String(row.index);

/** The matrix in words: what is mistaken most, and how every class fares. */
export function ConfusionTables({ confusion, active, onActive }: ConfusionTablesProps): ReactNode {
  const pairs = useMemo(() => confusedPairs(confusion), [confusion]);
  const accuracies = useMemo(() => classAccuracies(confusion), [confusion]);
  const pairColumns = useMemo(() => columnsOfPairs(confusion.names), [confusion]);
  const pairGrid = useGrid({ id: 'confused', columns: pairColumns, rows: pairs, rowKey: keyOfPair });
  const classGrid = useGrid({ id: 'classes', columns: CLASS_COLUMNS, rows: accuracies, rowKey: keyOfClass });
  return (
    <div className={classes['tables']}>
      <h3>Most confused pairs</h3>
      <div className={classes['table']}>
        <DataGrid
          label="Most confused pairs"
          grid={pairGrid}
          hovered={active === null ? null : keyOfPair(active)}
          onHover={onActive}
          onSelect={onActive}
          empty={<p className="lap-muted">Nothing was mistaken.</p>}
        />
      </div>
      <h3>Accuracy of each class</h3>
      <div className={classes['table']}>
        <DataGrid
          label="Accuracy of each class"
          grid={classGrid}
          hovered={active === null ? null : String(active.truth)}
          onHover={(row) => onActive(row === null ? null : { truth: row.index, prediction: row.index })}
          onSelect={(row) => onActive({ truth: row.index, prediction: row.index })}
        />
      </div>
    </div>
  );
}

function columnsOfPairs(names: readonly string[]): readonly GridColumn<ConfusedPair>[] {
  return [
    {
      key: 'pair',
      title: 'true → predicted',
      width: 'minmax(120px, 1fr)',
      render: ({ truth, prediction }) => (
        <span title={`${names[truth]} → ${names[prediction]}`}>
          {names[truth]} → {names[prediction]}
        </span>
      ),
    },
    {
      key: 'count',
      title: 'samples',
      width: '74px',
      align: 'right',
      render: ({ count }) => formatCount(count),
      value: ({ count }) => count,
    },
    {
      key: 'share',
      title: 'of the class',
      width: '92px',
      align: 'right',
      help: 'Share of the true class’s samples.',
      render: ({ share }) => formatPercent(share),
      value: ({ share }) => share,
    },
  ];
}

const orDash = (share: number | null): string => (share === null ? '–' : formatPercent(share));

const CLASS_COLUMNS: readonly GridColumn<ClassAccuracy>[] = [
  {
    key: 'name',
    title: 'class',
    width: 'minmax(70px, 1fr)',
    render: ({ name }) => <span title={name}>{name}</span>,
  },
  {
    key: 'accuracy',
    title: 'accuracy',
    width: '74px',
    align: 'right',
    help: 'Share of the class’s samples that were recognized (recall).',
    render: ({ accuracy }) => orDash(accuracy),
    value: ({ accuracy }) => accuracy,
  },
  {
    key: 'precision',
    title: 'precision',
    width: '74px',
    align: 'right',
    help: 'Share of the predictions of this class that were right.',
    render: ({ precision }) => orDash(precision),
    value: ({ precision }) => precision,
  },
  {
    key: 'samples',
    title: 'correct',
    width: '84px',
    align: 'right',
    render: ({ correct, samples }) => `${formatCount(correct)} / ${formatCount(samples)}`,
    value: ({ correct }) => correct,
  },
];
