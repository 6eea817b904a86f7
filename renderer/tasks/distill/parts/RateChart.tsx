import { memo } from 'react';
import type { ReactNode } from 'react';
import { CartesianGrid, Line, LineChart, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import { formatNumber } from '../../../../main/judge/format.ts';
import type { Training } from '../../../../main/contract/training.ts';
import { Heading } from '../../../design/Task.tsx';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { ACCENT, AXIS, GRID, MEASURED, TOOLTIP } from '../../../widgets/chart/chart-theme.ts';

type RateTest = Pick<Training, 'rateTest' | 'rate'>;

/** The short test of learning rates: one step at each, and the rate that was chosen. Drawn once, while the training goes on. */
export const RateChart = memo(drawRates, isSame);

/** What is told again some times a second is the same as long as it has as many points. */
function isSame(
  { training: a }: { readonly training: RateTest },
  { training: b }: { readonly training: RateTest },
): boolean {
  return a.rate === b.rate && a.rateTest.length === b.rateTest.length && a.rateTest[0]?.loss === b.rateTest[0]?.loss;
}

function drawRates({ training }: { readonly training: RateTest }): ReactNode {
  return (
    <>
      <Heading>Test of learning rates</Heading>
      <Chart label="Loss over learning rates; the dotted line marks the one that was chosen" height={130}>
        <LineChart data={[...training.rateTest]} margin={{ top: 6, right: 14, bottom: 0, left: 0 }}>
          <CartesianGrid {...GRID} vertical={false} />
          <XAxis
            {...AXIS}
            dataKey="rate"
            type="number"
            scale="log"
            domain={['dataMin', 'dataMax']}
            tickFormatter={(rate: number) => rate.toExponential(0)}
          />
          <YAxis
            {...AXIS}
            scale="log"
            domain={['auto', 'auto']}
            width={44}
            tickFormatter={(loss: number) => formatNumber(loss, 2)}
          />
          <Tooltip
            {...TOOLTIP}
            labelFormatter={(rate) => `rate ${Number(rate).toExponential(1)}`}
            formatter={(loss) => formatNumber(Number(loss))}
          />
          <Line {...MEASURED} dataKey="loss" name="loss" dot={false} strokeWidth={1.5} />
          {training.rate !== null && <ReferenceLine x={training.rate} stroke={ACCENT} strokeDasharray="2 3" />}
        </LineChart>
      </Chart>
    </>
  );
}
