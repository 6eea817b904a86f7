import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Area, AreaChart, CartesianGrid, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatBytes, formatMs } from '../../../../main/judge/format.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { AXIS, GRID, MEASURED, TOOLTIP } from '../../../widgets/chart/chart-theme.ts';
import { memorySeries } from '../model.ts';
import classes from '../ProfileView.module.css';

const MARGIN = { top: 12, right: 12, bottom: 0, left: 8 };

/** Memory along the timed runs, over what the runner held before the model was loaded; the dashed line is the peak. */
export function MemoryChart({ profile }: { readonly profile: Profile }): ReactNode {
  const series = useMemo(() => memorySeries(profile), [profile]);
  const { peakBytes, sessionBytes } = profile.memory;
  return (
    <section className={classes['section']} aria-label="Memory over time">
      <h3 className={classes['heading']}>
        Memory of the process over the timed runs
        <Text span className="lap-muted" fw={400}>
          over what it held before the model was loaded: peak {formatBytes(peakBytes)}, {formatBytes(sessionBytes)}{' '}
          after loading
        </Text>
      </h3>
      {series.length < 2 ? (
        <Text className="lap-muted">
          {profile.imported === undefined
            ? 'The runs were over before memory could be sampled twice.'
            : 'A trace does not tell the memory of its process.'}
        </Text>
      ) : (
        <Chart height={190} label={`Memory over ${formatMs(series.at(-1)!.ms)}: peak ${formatBytes(peakBytes)}`}>
          <AreaChart data={series} margin={MARGIN}>
            <CartesianGrid {...GRID} vertical={false} />
            <XAxis {...AXIS} dataKey="ms" type="number" domain={[0, 'dataMax']} tickFormatter={formatMs} />
            <YAxis
              {...AXIS}
              tickFormatter={formatBytes}
              width={70}
              domain={[0, (highest: number) => Math.max(highest, peakBytes)]}
            />
            <Tooltip
              {...TOOLTIP}
              formatter={(value) => [formatBytes(Number(value)), 'over an empty runner']}
              labelFormatter={(value) => `at ${formatMs(Number(value))}`}
            />
            <ReferenceLine
              y={peakBytes}
              stroke="var(--lap-muted)"
              strokeDasharray="4 3"
              label={{ value: 'peak', position: 'insideTopRight', fontSize: 11, fill: 'var(--lap-muted)' }}
            />
            <Area {...MEASURED} dataKey="bytes" type="stepAfter" fillOpacity={0.2} />
          </AreaChart>
        </Chart>
      )}
    </section>
  );
}
