import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  ErrorBar,
  Line,
  ReferenceLine,
  Scatter,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { formatPercent } from '../../../../main/judge/format.ts';
import { EMPTY_RECIPE } from '../../../../main/contract/recipe/recipe.ts';
import { predictTrial } from '../../../../main/judge/predict/trial.ts';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { Heading } from '../../../design/Task.tsx';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { useEditedStep } from '../../../state/recipe.ts';
import { showTrial } from '../../../state/session.ts';
import { Chart } from '../../../widgets/chart/Chart.tsx';
import {
  ACCENT,
  AXIS,
  BAND,
  ERROR_BAR,
  GRID,
  MEASURED,
  PREDICTED,
  TOOLTIP,
} from '../../../widgets/chart/chart-theme.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import { MAX_SPARSITY, accuracyCurve, measuredPoints, sparsityShown } from '../model.ts';
import type { MeasuredPoint } from '../model.ts';
import plot from './AccuracyCurve.module.css';

const MARGIN = { top: 8, right: 22, bottom: 0, left: 0 };

/** Accuracy over sparsity: the predicted curve with its band, measured trials as solid points, the slider as a hollow one. */
export function AccuracyCurve({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const { inputs, recipe, predicted, measured } = prediction;
  const entry = useEditedStep('prune');
  const step = settingsOf(entry, 'prune') ?? NEW_STEP.prune;
  const shape = JSON.stringify([{ ...step, sparsity: 0 }, recipe.steps.filter((other) => other !== entry?.step)]);
  const curve = useMemo(
    () =>
      (step === null ? [] : accuracyCurve(step, recipe, inputs)).map((point) => ({
        ...point,
        band: [point.low, point.high],
      })),
    // The curve is over all sparsities: the slider itself does not change it.
    // oxlint-disable-next-line react/exhaustive-deps
    [shape, inputs],
  );
  const points = useMemo(
    () => measuredPoints(recipe, inputs).map((point) => ({ ...point, spread: spreadOf(point) })),
    [recipe, inputs],
  );
  const { reason } = curve.length === 0 || predicted.goodness === null ? whyNot(prediction) : { reason: null };
  if (reason !== null || predicted.goodness === null) {
    return (
      <>
        <Heading>Accuracy over sparsity</Heading>
        <Text className="lap-muted">{reason}</Text>
      </>
    );
  }
  const now = sparsityShown(entry);
  const { metric, value, anchors } = predicted.goodness;
  const { title, format } = metricOf(metric);
  const own = measured !== null && points.some((point) => point.trial.id === measured.id);
  return (
    <div className={plot['box']}>
      <Heading>{title} over sparsity</Heading>
      <Chart label={`${title} over sparsity, ${points.length} measured trials`}>
        <ComposedChart data={curve} margin={MARGIN}>
          <CartesianGrid {...GRID} vertical={false} />
          <XAxis
            {...AXIS}
            dataKey="sparsity"
            type="number"
            domain={[0, MAX_SPARSITY]}
            ticks={[0, 0.25, 0.5, 0.75, MAX_SPARSITY]}
            tickFormatter={(share: number) => formatPercent(share)}
          />
          <YAxis
            {...AXIS}
            type="number"
            domain={[0, 1]}
            ticks={[0, 0.25, 0.5, 0.75, 1]}
            width={46}
            tickFormatter={(share: number) => (metric === 'cosine' ? String(share) : formatPercent(share))}
          />
          <Tooltip
            {...TOOLTIP}
            labelFormatter={(share) => `${formatPercent(Number(share))} pruned`}
            formatter={(told) =>
              Array.isArray(told) ? told.map((end) => format(Number(end))).join(' … ') : format(Number(told))
            }
          />
          <Area {...BAND} dataKey="band" name="expected between" />
          <Line {...PREDICTED} dataKey="value" name="predicted" dot={false} activeDot={false} />
          <ReferenceLine x={now} stroke="var(--lap-muted)" strokeDasharray="2 3" />
          {/* Without data of its own a scatter would draw the curve's points, as if they had been measured. */}
          {points.length > 0 && (
            <Scatter
              {...MEASURED}
              data={points}
              dataKey="value"
              name="measured"
              className={plot['measured'] ?? ''}
              onClick={(point: { readonly payload?: MeasuredPoint }) =>
                point.payload && showTrial(point.payload.trial.id)
              }
            >
              <ErrorBar {...ERROR_BAR} dataKey="spread" direction="y" />
            </Scatter>
          )}
          {!own && (
            <Scatter
              data={[{ sparsity: now, value }]}
              dataKey="value"
              name="predicted here"
              fill="var(--lap-panel)"
              stroke={ACCENT}
              strokeWidth={2}
              isAnimationActive={false}
            />
          )}
        </ComposedChart>
      </Chart>
      <Text className="lap-muted">
        ○ predicted with its band · ● measured with its 95 % interval.{' '}
        {anchors === 0
          ? 'No trial measured yet: the curve is a general expectation. Let go of the slider to measure.'
          : `The curve passes through ${anchors} measured ${anchors === 1 ? 'trial' : 'trials'}.`}
      </Text>
    </div>
  );
}

/** Why there is no curve: nothing to start from, or weights chosen by what the prediction does not know. */
function whyNot({ predicted, inputs }: DraftPrediction): { readonly reason: string } {
  const startless = predictTrial(EMPTY_RECIPE, inputs).goodness === null;
  if (startless) return { reason: 'Appears once the baseline is measured on data.' };
  return {
    reason:
      predicted.cut === null
        ? 'Not predicted where several steps prune: measure it.'
        : 'What this way of choosing weights costs is not predicted: measure it.',
  };
}

/** Ends of the interval as distances from the value, as error bars take them. */
function spreadOf({ value, low, high }: MeasuredPoint): readonly [number, number] {
  return [value - low, high - value];
}
