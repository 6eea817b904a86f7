import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatBytes, formatMs } from '../../../../main/judge/format.ts';
import { memorySeries } from '../model.ts';
import classes from '../ProfileView.module.css';

/** Memory along the timed runs, over what the runner held before the model was loaded; the dashed line is the peak. */
export function MemoryChart({ profile }: { readonly profile: Profile }): ReactNode {
  const series = useMemo(() => memorySeries(profile), [profile]);
  const { memory } = profile;
  return (
    <section className={classes['section']} aria-label="Memory over time">
      <h3 className={classes['heading']}>
        Memory over time
        <Text span className="lap-muted" fw={400}>
          peak {formatBytes(memory.peakBytes)}, {formatBytes(memory.sessionBytes)} after loading
        </Text>
      </h3>
      {series.length < 2 ? (
        <Text className="lap-muted">The runs were over before memory could be sampled twice.</Text>
      ) : (
        <div
          style={{ height: 190 }}
          role="img"
          aria-label={`Memory over ${formatMs(series.at(-1)!.ms)}: peak ${formatBytes(memory.peakBytes)}`}
        >
          <ResponsiveContainer width="100%" height="100%">
            <AreaChart data={series} margin={{ top: 4, right: 12, bottom: 0, left: 8 }}>
              <CartesianGrid stroke="var(--lap-border)" vertical={false} />
              <XAxis
                dataKey="ms"
                type="number"
                domain={[0, 'dataMax']}
                tickFormatter={formatMs}
                tick={{ fontSize: 11, fill: 'var(--lap-muted)' }}
                stroke="var(--lap-border)"
              />
              <YAxis
                tickFormatter={formatBytes}
                width={70}
                domain={[0, 'auto']}
                tick={{ fontSize: 11, fill: 'var(--lap-muted)' }}
                stroke="var(--lap-border)"
              />
              <Tooltip
                isAnimationActive={false}
                formatter={(value) => [formatBytes(Number(value)), 'Over an empty runner']}
                labelFormatter={(value) => `at ${formatMs(Number(value))}`}
                contentStyle={{
                  background: 'var(--lap-raised)',
                  border: '1px solid var(--lap-border)',
                  fontSize: 12,
                  padding: '4px 8px',
                }}
              />
              <Area
                dataKey="bytes"
                type="stepAfter"
                isAnimationActive={false}
                stroke="var(--mantine-primary-color-filled)"
                fill="var(--mantine-primary-color-filled)"
                fillOpacity={0.2}
              />
            </AreaChart>
          </ResponsiveContainer>
        </div>
      )}
    </section>
  );
}
