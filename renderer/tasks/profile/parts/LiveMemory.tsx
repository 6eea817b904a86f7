import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { LiveTensor } from '../../../../main/contract/profile-parts.ts';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatBytes, formatPercent } from '../../../../main/judge/format.ts';
import { liveMemory, livesAt } from '../../../../main/judge/profile/live-memory.ts';
import type { LiveMemory as Memory, MemoryAt } from '../../../../main/judge/profile/live-memory.ts';
import { Stat } from '../../../design/Stat.tsx';
import { selectLayer } from '../../../state/selection.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { AXIS, GRID, MEASURED, TOOLTIP } from '../../../widgets/chart/chart-theme.ts';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { HelpLabel } from '../../../widgets/HelpLabel.tsx';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import { LayerGrid } from './LayerGrid.tsx';
import classes from '../ProfileView.module.css';

const MARGIN = { top: 12, right: 12, bottom: 0, left: 8 };

/** The values of a run from the kernel that makes each to the last that reads it, and what the runtime's allocator holds. */
export function LiveMemory({ profile }: { readonly profile: Profile }): ReactNode {
  const memory = useMemo(() => liveMemory(profile), [profile]);
  if (memory === null) {
    return (
      <section className={classes['section']} aria-label="Values over a run">
        <Text className="lap-muted">
          {profile.tensors === null
            ? 'The runtime could not write the graph that it executed, so it is not known how long each value lives.'
            : 'This profile was made by an older version, which did not follow values. Measure again.'}
        </Text>
      </section>
    );
  }
  return (
    <>
      <section className={classes['section']} aria-label="Values over a run">
        <h3 className={classes['heading']}>
          Values over a run
          <Text span className="lap-muted" fw={400}>
            at each kernel in the order of execution; the area is what lives, the line what the runtime asked for
          </Text>
        </h3>
        <MemoryFigures memory={memory} profile={profile} />
        <MemoryOverKernels memory={memory} profile={profile} />
      </section>
      <div className={classes['tall']}>
        <TensorTable memory={memory} profile={profile} />
      </div>
    </>
  );
}

interface MemoryProps {
  readonly memory: Memory;
  readonly profile: Profile;
}

function MemoryFigures({ memory, profile }: MemoryProps): ReactNode {
  const { peak, weightBytes, requestedPeakBytes, arenaPeakBytes } = memory;
  const told = (bytes: number | null): string => (bytes === null ? 'not told' : formatBytes(bytes));
  return (
    <div className={classes['stats']}>
      <Stat
        label="Most that lives"
        value={
          <HelpLabel help="Bytes of all values that are held while that kernel runs. Two values may share a buffer, so the runtime can do with less.">
            {formatBytes(peak.liveBytes)}
          </HelpLabel>
        }
        note={`at ${profile.kernels[peak.kernel]?.name ?? ''}`}
      />
      <Stat
        label="Asked for"
        value={
          <HelpLabel help="Most that the runtime’s allocator was asked for during a run, without rounding; what the caller holds is not in it. Where the runtime knows its pattern of memory from the run before, it asks for all of it at once.">
            {told(requestedPeakBytes)}
          </HelpLabel>
        }
        note="by the runtime"
      />
      <Stat
        label="Arena"
        value={
          <HelpLabel help="What the arena took from the system: it grows in powers of two and gives nothing back, so it may hold much more than is asked for.">
            {told(arenaPeakBytes)}
          </HelpLabel>
        }
        note={
          requestedPeakBytes === null || arenaPeakBytes === null || arenaPeakBytes === 0
            ? ''
            : `${formatPercent(requestedPeakBytes / arenaPeakBytes, 2)} of it asked for`
        }
      />
      <Stat label="Weights" value={formatBytes(weightBytes)} note="read by kernels" />
      <Stat
        label="Weights to values"
        value={peak.liveBytes === 0 ? '–' : `${formatPercent(weightBytes / (weightBytes + peak.liveBytes), 2)}`}
        note="of both at the peak are weights"
      />
    </div>
  );
}

function MemoryOverKernels({ memory, profile }: MemoryProps): ReactNode {
  const { series, peak } = memory;
  return (
    <Chart
      height={200}
      label={`Values that live at each of ${series.length} kernels; most at ${profile.kernels[peak.kernel]?.name ?? ''}: ${formatBytes(peak.liveBytes)}. The table below lists them.`}
    >
      <ComposedChart
        data={series as MemoryAt[]}
        margin={MARGIN}
        onClick={({ activeTooltipIndex }) => {
          const layer = profile.kernels[Number(activeTooltipIndex)]?.layer;
          if (layer !== null && layer !== undefined) selectLayer(layer, 'chart');
        }}
      >
        <CartesianGrid {...GRID} vertical={false} />
        <XAxis
          {...AXIS}
          dataKey="kernel"
          type="number"
          domain={[0, 'dataMax']}
          tickFormatter={(at: number) => String(at + 1)}
        />
        <YAxis {...AXIS} tickFormatter={formatBytes} width={70} />
        <Tooltip
          {...TOOLTIP}
          formatter={(value, name) => [formatBytes(Number(value)), name]}
          labelFormatter={(at) => `${Number(at) + 1}: ${profile.kernels[Number(at)]?.name ?? ''}`}
        />
        <ReferenceLine
          x={peak.kernel}
          stroke="var(--lap-muted)"
          strokeDasharray="4 3"
          label={{
            value: 'most lives',
            position: peak.kernel * 2 < series.length ? 'insideTopLeft' : 'insideTopRight',
            fontSize: 11,
            fill: 'var(--lap-muted)',
          }}
        />
        <Area {...MEASURED} dataKey="liveBytes" name="lives" type="step" fillOpacity={0.2} />
        <Line
          dataKey="requestedBytes"
          name="asked for"
          type="step"
          dot={false}
          stroke="var(--mantine-color-text)"
          strokeDasharray="5 3"
          isAnimationActive={false}
        />
      </ComposedChart>
    </Chart>
  );
}

interface Row extends LiveTensor {
  readonly atPeak: boolean;
  readonly share: number | null;
  readonly kernels: number;
  readonly reader: string;
}

const COLUMNS: readonly GridColumn<Row>[] = [
  {
    key: 'name',
    title: 'Value',
    width: 'minmax(170px, 1.6fr)',
    render: ({ name }) => <span title={name}>{name}</span>,
    value: ({ name }) => name,
  },
  {
    key: 'layer',
    title: 'Made by',
    width: 'minmax(140px, 1.2fr)',
    render: ({ layer, kind }) =>
      layer === null ? (
        <span className="lap-muted">{kind === 'input' ? 'the caller' : 'the runtime'}</span>
      ) : (
        <LayerLink name={layer} />
      ),
    value: ({ layer }) => layer,
  },
  { key: 'kind', title: 'Kind', width: '80px', render: ({ kind }) => kind, value: ({ kind }) => kind },
  {
    key: 'bytes',
    title: 'Size',
    width: '84px',
    align: 'right',
    unit: 'bytes',
    render: ({ bytes }) => formatBytes(bytes),
    value: ({ bytes }) => bytes,
  },
  {
    key: 'peak',
    title: 'Of the peak',
    width: '84px',
    align: 'right',
    help: 'Its share of what lives where most does; empty: it does not live then.',
    render: ({ share }) => (share === null ? '' : formatPercent(share)),
    value: ({ share }) => share,
  },
  {
    key: 'life',
    title: 'Lives',
    width: 'minmax(120px, 1fr)',
    help: 'From the kernel that makes it to the last that reads it, over the whole run.',
    render: (row) => <Life row={row} />,
  },
  {
    key: 'from',
    title: 'From',
    width: '60px',
    align: 'right',
    help: 'The kernel that makes it, counted from 1; 0: it is there before.',
    render: ({ from }) => String(from + 1),
    value: ({ from }) => from + 1,
  },
  {
    key: 'to',
    title: 'To',
    width: '60px',
    align: 'right',
    help: 'The last kernel that reads it.',
    render: ({ to, kernels }) => (to >= kernels ? 'end' : String(to + 1)),
    value: ({ to }) => to + 1,
  },
  {
    key: 'reader',
    title: 'Last read by',
    width: 'minmax(120px, 1fr)',
    render: ({ reader }) => <span title={reader}>{reader}</span>,
    value: ({ reader }) => reader,
    optional: true,
  },
];

function TensorTable({ memory, profile }: MemoryProps): ReactNode {
  const rows = useMemo(() => {
    const { peak } = memory;
    const kernels = profile.kernels.length;
    return (profile.tensors ?? []).map((tensor): Row => {
      const atPeak = livesAt(tensor, peak.kernel);
      return {
        ...tensor,
        atPeak,
        share: atPeak && peak.liveBytes > 0 ? tensor.bytes / peak.liveBytes : null,
        kernels,
        reader: profile.kernels[tensor.to]?.name ?? '',
      };
    });
  }, [memory, profile]);
  return (
    <LayerGrid
      id="values"
      title="Values by what they hold at the peak"
      noun="values"
      fileName="values"
      columns={COLUMNS}
      rows={rows}
      keyOf={valueOf}
      layerOf={layerOf}
      initialSort={BY_PEAK}
    />
  );
}

const valueOf = (row: Row): string => row.name;
const layerOf = (row: Row): string | null => row.layer;
const BY_PEAK = { key: 'peak', descending: true };

function Life({ row: { from, to, kernels, atPeak } }: { readonly row: Row }): ReactNode {
  const x = (at: number): number => (Math.min(Math.max(at, 0), kernels) / kernels) * 100;
  const start = x(from);
  return (
    <svg width="100%" height={16} className={classes['life']} aria-hidden>
      <rect x={`${start}%`} width={`${Math.max(0.6, x(to + 1) - start)}%`} y={4} height={8} data-peak={atPeak} />
    </svg>
  );
}
