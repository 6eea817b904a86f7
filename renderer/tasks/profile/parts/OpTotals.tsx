import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { SegmentedControl, Text } from '@mantine/core';
import { Bar, BarChart, LabelList, XAxis, YAxis } from 'recharts';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { CATEGORY_AXIS, MEASURED } from '../../../widgets/chart/chart-theme.ts';
import { opTotals } from '../model.ts';
import type { OpSource } from '../model.ts';
import classes from '../ProfileView.module.css';
import { useProfileOptions } from '../store.ts';

/** Rows drawn; the rest is summed up in one line. */
const SHOWN = 12;
const ROW = 20;

/** Time by operator, of the source graph or of the kernels that ran. */
export function OpTotals({ profile }: { readonly profile: Profile }): ReactNode {
  const source = useProfileOptions((options) => options.opSource);
  const totals = useMemo(() => opTotals(profile, source), [profile, source]);
  const shown = totals.slice(0, SHOWN).map((total) => ({
    ...total,
    label: `${formatMs(total.timeMs)} · ${formatPercent(total.share)} · ${total.count}×`,
  }));
  const rest = totals.slice(SHOWN).reduce((sum, total) => sum + total.timeMs, 0);
  return (
    <section className={classes['section']} aria-label="Operator totals">
      <h3 className={classes['heading']}>
        Time by operator
        <span style={{ flex: 1 }} />
        <SegmentedControl
          aria-label="Count operators of"
          size="xs"
          value={source}
          onChange={(value) => useProfileOptions.setState({ opSource: value as OpSource })}
          data={[
            { value: 'layers', label: 'Layers' },
            { value: 'kernels', label: 'Kernels' },
          ]}
        />
      </h3>
      <table className="lap-unseen">
        <caption>Time by operator</caption>
        <tbody>
          {totals.map((total) => (
            <tr key={total.op}>
              <th scope="row">{total.op}</th>
              <td>{formatMs(total.timeMs)}</td>
              <td>{formatPercent(total.share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div aria-hidden>
        <Chart label="Time by operator" height={shown.length * ROW + 4}>
          <BarChart data={shown} layout="vertical" margin={{ top: 0, right: 150, bottom: 0, left: 0 }} barSize={12}>
            <XAxis type="number" hide domain={[0, 'dataMax']} />
            <YAxis {...CATEGORY_AXIS} dataKey="op" width={130} />
            <Bar {...MEASURED} dataKey="timeMs" radius={2}>
              <LabelList dataKey="label" position="right" fontSize={11} fill="var(--lap-muted)" />
            </Bar>
          </BarChart>
        </Chart>
      </div>
      {rest > 0 && (
        <Text className="lap-muted">
          {totals.length - SHOWN} more operators: {formatMs(rest)}
        </Text>
      )}
    </section>
  );
}
