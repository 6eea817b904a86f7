import type { ReactNode } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import { formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import type { Training } from '../../../../main/contract/training.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { Heading } from '../../../design/Task.tsx';
import { useTraining } from '../../../state/queries.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import { ACCENT, AXIS, BAND, GRID, MEASURED, PREDICTED, TOOLTIP } from '../../../widgets/chart/chart-theme.ts';
import classes from '../DistillView.module.css';
import { agreementCurve, lossCurve } from '../model.ts';
import { useDistill } from '../store.ts';
import type { ShownTraining } from '../use-shown-training.ts';

const MARGIN = { top: 8, right: 22, bottom: 0, left: 0 };
const MUTED = { stroke: 'var(--lap-muted)', strokeWidth: 1.5, isAnimationActive: false, dot: false } as const;

/** Losses and agreement over the steps, while it trains and afterwards. */
export function TrainingCurves({ shown: { trial, training, running } }: { readonly shown: ShownTraining }): ReactNode {
  const otherId = useDistill((state) => state.other);
  const other = useTraining(otherId === trial?.id ? null : otherId).data ?? null;
  if (training === null || training.heldOut.length === 0) {
    return running ? (
      <EmptyState title="Preparing">The steps before it are made, then the training begins.</EmptyState>
    ) : (
      <EmptyState title="Nothing was trained yet">
        A pruned or quantized model learns back from its original, on some hundred samples without labels. Choose a
        preset and data, then Run.
      </EmptyState>
    );
  }
  return (
    <div className={classes['curves']}>
      <Heading>Loss over steps</Heading>
      <LossChart training={training} other={other} />
      <Agreement training={training} />
    </div>
  );
}

function LossChart({ training, other }: { readonly training: Training; readonly other: Training | null }): ReactNode {
  const points = lossCurve(training, other);
  return (
    <>
      <Chart
        label={`Loss over ${training.step} steps: trained, held out; the kept state is that of step ${training.best}`}
      >
        <ComposedChart data={[...points]} margin={MARGIN}>
          <CartesianGrid {...GRID} vertical={false} />
          <XAxis {...AXIS} dataKey="step" type="number" domain={[0, training.steps]} />
          <YAxis
            {...AXIS}
            type="number"
            scale="log"
            domain={['auto', 'auto']}
            width={58}
            allowDataOverflow
            tickFormatter={(loss: number) => formatNumber(loss, 2)}
          />
          <Tooltip
            {...TOOLTIP}
            labelFormatter={(step) => `step ${String(step)}`}
            formatter={(loss) => formatNumber(Number(loss))}
          />
          <Line {...MUTED} dataKey="train" name="trained on" connectNulls />
          <Line {...MEASURED} strokeWidth={2} dataKey="heldOut" name="held out" dot={false} connectNulls />
          {other !== null && (
            <Line {...PREDICTED} dataKey="other" name="other run, held out" dot={false} connectNulls />
          )}
          <ReferenceLine x={training.best} stroke={ACCENT} strokeDasharray="2 3" />
        </ComposedChart>
      </Chart>
      <p className="lap-muted">
        Thin: samples that are trained on, as augmented. Thick: samples that are held out. The dotted line marks the
        state that is kept.
      </p>
    </>
  );
}

function Agreement({ training }: { readonly training: Training }): ReactNode {
  const points = agreementCurve(training);
  if (points.length === 0) return null;
  const floor = Math.max(0, Math.floor(10 * Math.min(...points.map(({ band }) => band[0]))) / 10);
  return (
    <>
      <Heading>Agreement with the teacher, held out</Heading>
      <Chart label={`Agreement on ${training.samples.heldOut} held-out samples over the steps, with its 95 % interval`}>
        <ComposedChart data={[...points]} margin={MARGIN}>
          <CartesianGrid {...GRID} vertical={false} />
          <XAxis {...AXIS} dataKey="step" type="number" domain={[0, training.steps]} />
          <YAxis
            {...AXIS}
            type="number"
            domain={[floor, 1]}
            width={58}
            tickFormatter={(share: number) => formatPercent(share)}
          />
          <Tooltip
            {...TOOLTIP}
            labelFormatter={(step) => `step ${String(step)}`}
            formatter={(told) =>
              Array.isArray(told)
                ? told.map((end) => formatPercent(Number(end))).join(' … ')
                : formatPercent(Number(told))
            }
          />
          <Area {...BAND} dataKey="band" name="95 % interval" />
          <Line {...MEASURED} strokeWidth={2} dataKey="value" name="agreement" dot={false} />
          <ReferenceLine x={training.best} stroke={ACCENT} strokeDasharray="2 3" />
        </ComposedChart>
      </Chart>
    </>
  );
}
