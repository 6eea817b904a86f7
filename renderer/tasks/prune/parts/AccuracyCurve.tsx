import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { GOODNESS_TITLES, goodnessAmong } from '../../../../main/judge/predict/metric.ts';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { useEditedStep } from '../../../state/recipe.ts';
import { Heading } from '../../../design/Task.tsx';
import { showTrial } from '../../../state/session.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import { MAX_SPARSITY, accuracyCurve, measuredPoints, sparsityShown } from '../model.ts';
import plot from './AccuracyCurve.module.css';

const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;
const RIGHT = 18;

/** Accuracy over sparsity: the predicted curve with its band, measured trials as solid points, the slider as a hollow one. */
export function AccuracyCurve({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const { inputs, recipe, predicted, measured } = prediction;
  const entry = useEditedStep('prune');
  const step = settingsOf(entry, 'prune') ?? NEW_STEP.prune;
  const { ref, width, height } = useElementSize();
  const shape = JSON.stringify([step.scope, step.exclude, recipe.steps.filter((other) => other !== entry?.step)]);
  const curve = useMemo(
    () => {
      return accuracyCurve(step, recipe, inputs);
    },
    // The curve is over all sparsities: the slider itself does not change it.
    // oxlint-disable-next-line react/exhaustive-deps
    [shape, inputs],
  );
  const points = useMemo(() => measuredPoints(recipe, inputs), [recipe, inputs]);
  if (curve.length === 0 || predicted.goodness === null) {
    return (
      <>
        <Heading>Accuracy over sparsity</Heading>
        <Text className="lap-muted">Appears once the baseline is measured on data.</Text>
      </>
    );
  }
  const tall = Math.max(120, height);
  const innerWidth = Math.max(10, width - LEFT - RIGHT);
  const x = (sparsity: number): number => LEFT + (sparsity / MAX_SPARSITY) * innerWidth;
  const y = (value: number): number => TOP + (1 - value) * (tall - TOP - BOTTOM);
  const line = curve.map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.sparsity)},${y(p.value)}`).join('');
  const upper = curve.map((p) => `${x(p.sparsity)},${y(p.high)}`);
  const lower = curve.map((p) => `${x(p.sparsity)},${y(p.low)}`).reverse();
  const now = sparsityShown(entry);
  const own = goodnessAmong(inputs.trials, measured);
  const { metric } = predicted.goodness;
  const title = GOODNESS_TITLES[metric];
  return (
    <div className={plot['box']}>
      <Heading>{title} over sparsity</Heading>
      <div ref={ref} className={plot['plot']}>
        <svg
          width={width}
          height={tall}
          role="img"
          aria-label={`${title} over sparsity, ${points.length} measured trials`}
        >
          {[0, 0.25, 0.5, 0.75, 1].map((value) => (
            <g key={value}>
              <line x1={LEFT} x2={LEFT + innerWidth} y1={y(value)} y2={y(value)} className={plot['grid']} />
              <text x={LEFT - 6} y={y(value)} className={plot['tick']} textAnchor="end" dominantBaseline="middle">
                {metric === 'cosine' ? value : `${value * 100} %`}
              </text>
            </g>
          ))}
          {[0, 0.25, 0.5, 0.75, 0.95].map((sparsity) => (
            <text key={sparsity} x={x(sparsity)} y={tall - 6} className={plot['tick']} textAnchor="middle">
              {sparsity * 100} %
            </text>
          ))}
          <polygon points={[...upper, ...lower].join(' ')} className={plot['band']} />
          <path d={line} className={plot['line']} />
          <line x1={x(now)} x2={x(now)} y1={TOP} y2={tall - BOTTOM} className={plot['now']} />
          {points.map((point) => (
            <g key={point.trial.id} className={plot['point']} onClick={() => showTrial(point.trial.id)}>
              <title>{`${point.trial.name}: ${metricOf(metric).format(point.value)}, measured`}</title>
              <line x1={x(point.sparsity)} x2={x(point.sparsity)} y1={y(point.low)} y2={y(point.high)} />
              <circle cx={x(point.sparsity)} cy={y(point.value)} r={4} />
            </g>
          ))}
          {own === null && (
            <circle cx={x(now)} cy={y(predicted.goodness.value)} r={5} className={plot['hollow']}>
              <title>{`≈ ${metricOf(metric).format(predicted.goodness.value)}, predicted`}</title>
            </circle>
          )}
        </svg>
      </div>
      <Text className="lap-muted">
        ○ predicted with its band · ● measured with its 95 % interval.{' '}
        {predicted.goodness.anchors === 0
          ? 'No trial measured yet: the curve is a general expectation. Let go of the slider to measure.'
          : `The curve passes through ${predicted.goodness.anchors} measured ${predicted.goodness.anchors === 1 ? 'trial' : 'trials'}.`}
      </Text>
    </div>
  );
}
