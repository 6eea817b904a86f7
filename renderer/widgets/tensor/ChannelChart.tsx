import { useCallback, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { TensorView } from '../../../main/contract/tensor-view.ts';
import { formatNumber, formatPercent } from '../../../main/judge/format.ts';
import { Canvas, type CanvasFrame } from '../Canvas.tsx';
import { DataGrid } from '../grid/DataGrid.tsx';
import type { GridColumn } from '../grid/grid-column.ts';
import { useGrid } from '../grid/use-grid.ts';

type Channels = NonNullable<TensorView['channels']>;

interface ChannelRow {
  readonly channel: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly zeros: number;
  readonly outlier: boolean;
}

const HEIGHT = 180;
type Amount = Exclude<keyof ChannelRow, 'outlier'>;

const amount = (key: Amount, title: string, format: (value: number) => string): GridColumn<ChannelRow> => ({
  key,
  title,
  width: '96px',
  align: 'right',
  render: (row) => format(row[key]),
  value: (row) => row[key],
});

const COLUMNS: readonly GridColumn<ChannelRow>[] = [
  amount('channel', 'Channel', String),
  amount('min', 'Least', formatNumber),
  amount('max', 'Greatest', formatNumber),
  amount('mean', 'Mean', formatNumber),
  amount('zeros', 'Zeros', formatPercent),
  {
    key: 'outlier',
    title: 'Outlier',
    width: '80px',
    help: 'Its greatest magnitude is more than six times the median one.',
    render: (row) => (row.outlier ? 'outlier' : ''),
    value: (row) => (row.outlier ? 1 : 0),
  },
];

/** The range of each channel, outliers in the colour of the selection, and the same as a table. */
export function ChannelChart({ channels }: { readonly channels: Channels }): ReactNode {
  const [active, setActive] = useState<number | null>(null);
  const rows = useMemo(() => rowsOf(channels), [channels]);
  const grid = useGrid({ id: 'tensor.channels', columns: COLUMNS, rows, rowKey });
  const draw = useCallback(
    ({ context, width, height, colors }: CanvasFrame) => {
      const low = Math.min(0, ...finite(channels.min));
      const high = Math.max(0, ...finite(channels.max));
      const y = (value: number): number => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
      const step = width / rows.length;
      context.fillStyle = colors.border;
      context.fillRect(0, y(0), width, 1);
      for (const row of rows) {
        if (Number.isNaN(row.min)) continue;
        context.fillStyle = row.outlier ? colors.selection : colors.primary;
        if (row.channel === active) context.fillStyle = colors.text;
        const top = y(row.max);
        context.fillRect(row.channel * step, top, Math.max(1, step - 1), Math.max(1, y(row.min) - top));
      }
    },
    [channels, rows, active],
  );
  return (
    <>
      <Canvas
        label={`Ranges of ${rows.length} channels, ${channels.outliers.length} outliers; the table below says each`}
        canvasHeight={HEIGHT}
        draw={draw}
      />
      <div style={{ height: 260, marginTop: 8 }}>
        <DataGrid
          label="Channels"
          grid={grid}
          selected={new Set(active === null ? [] : [String(active)])}
          selectOnMove
          onSelect={(row) => setActive(row.channel)}
        />
      </div>
    </>
  );
}

const rowKey = (row: ChannelRow): string => String(row.channel);

function finite(values: Float64Array): readonly number[] {
  let least = 0;
  let greatest = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

function rowsOf({ min, max, mean, zeros, outliers }: Channels): readonly ChannelRow[] {
  const far = new Set(outliers);
  return Array.from(min, (low, channel) => ({
    channel,
    min: low,
    max: max[channel]!,
    mean: mean[channel]!,
    zeros: zeros[channel]!,
    outlier: far.has(channel),
  }));
}
