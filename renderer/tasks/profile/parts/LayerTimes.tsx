import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatMs, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { layerDistributions } from '../../../../main/judge/profile/distribution.ts';
import type { LayerDistribution } from '../../../../main/judge/profile/distribution.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import classes from '../ProfileView.module.css';
import { LayerGrid } from './LayerGrid.tsx';

/** A layer with the scale that all boxes share. */
interface Row extends LayerDistribution {
  readonly endMs: number;
}

const COLUMNS: readonly GridColumn<Row>[] = [
  {
    key: 'layer',
    title: 'Layer',
    width: 'minmax(160px, 1.6fr)',
    render: ({ name }) => <LayerName name={name} />,
    value: ({ name }) => name,
  },
  { key: 'op', title: 'Op', width: '110px', render: ({ op }) => op, value: ({ op }) => op },
  ms('p50', 'Median', 'Of the profiled runs that were not held up.', ({ p50Ms }) => p50Ms),
  {
    key: 'share',
    title: 'Share',
    width: '68px',
    align: 'right',
    help: 'Of the sum of all medians.',
    render: ({ share }) => formatPercent(share),
    value: ({ share }) => share,
  },
  {
    key: 'cumulative',
    title: 'With those above',
    width: '124px',
    align: 'right',
    help: 'Share of this layer and of all that take longer.',
    render: ({ cumulative }) => formatPercent(cumulative),
    value: ({ cumulative }) => cumulative,
  },
  {
    key: 'box',
    title: 'Spread over the runs',
    width: 'minmax(150px, 1fr)',
    help: 'From the fastest to the slowest run; the box holds the middle half, the line is the median.',
    render: (row) => <Box row={row} />,
  },
  ms('min', 'Fastest', 'The fastest of the runs.', ({ minMs }) => minMs),
  ms('max', 'Slowest', 'The slowest of the runs.', ({ maxMs }) => maxMs),
  { ...ms('p25', 'p25', 'A quarter of the runs were faster.', ({ p25Ms }) => p25Ms), optional: true },
  { ...ms('p75', 'p75', 'A quarter of the runs were slower.', ({ p75Ms }) => p75Ms), optional: true },
  ms('first', 'First run', 'In the first run of the session.', ({ firstMs }) => firstMs),
  {
    key: 'cold',
    title: 'First / later',
    width: '84px',
    align: 'right',
    help: 'How many times its median the first run took.',
    render: (row) => (coldOf(row) === null ? '' : `${formatNumber(coldOf(row)!)}×`),
    value: coldOf,
  },
];

/** The costliest layers, how their times are spread, and what the first run cost. */
export function LayerTimes({ profile }: { readonly profile: Profile }): ReactNode {
  const rows = useMemo(() => {
    const layers = layerDistributions(profile).filter(({ p50Ms, firstMs }) => p50Ms > 0 || (firstMs ?? 0) > 0);
    const endMs = Math.max(
      ...layers.map(({ p75Ms, p50Ms, maxMs }) => Math.min(maxMs, Math.max(1.5 * p75Ms, 2 * p50Ms))),
      1e-9,
    );
    return layers.map((layer): Row => ({ ...layer, endMs }));
  }, [profile]);
  if (rows.length === 0)
    return (
      <Text className="lap-muted" p={10}>
        This profile was made by an older version, which kept no single runs. Measure again.
      </Text>
    );
  return (
    <div className={classes['tall']}>
      <LayerGrid
        id="layers"
        title="Layers by time"
        noun="layers"
        fileName="layer times"
        columns={COLUMNS}
        rows={rows}
        layerOf={nameOf}
        initialSort={BY_TIME}
      />
    </div>
  );
}

const nameOf = (row: Row): string => row.name;
const BY_TIME = { key: 'p50', descending: true };

function ms(key: string, title: string, help: string, of: (row: Row) => number | null): GridColumn<Row> {
  return {
    key,
    title,
    help,
    width: '78px',
    align: 'right',
    unit: 'ms',
    render: (row) => (of(row) === null ? '' : formatMs(of(row)!)),
    value: of,
  };
}

function coldOf({ firstMs, p50Ms }: Row): number | null {
  return firstMs === null || p50Ms <= 0 ? null : firstMs / p50Ms;
}

/** Whiskers to the fastest and slowest run, cut off where the scale ends. */
function Box({ row }: { readonly row: Row }): ReactNode {
  const { endMs, minMs, p25Ms, p50Ms, p75Ms, maxMs } = row;
  const x = (value: number): string => `${Math.min(1, value / endMs) * 100}%`;
  return (
    <svg width="100%" height={16} className={classes['box']} aria-hidden>
      <line x1={x(minMs)} x2={x(maxMs)} y1={8} y2={8} />
      <rect
        x={x(p25Ms)}
        width={`${(Math.min(1, p75Ms / endMs) - Math.min(1, p25Ms / endMs)) * 100}%`}
        y={3}
        height={10}
      />
      <line x1={x(p50Ms)} x2={x(p50Ms)} y1={2} y2={14} data-median />
    </svg>
  );
}
