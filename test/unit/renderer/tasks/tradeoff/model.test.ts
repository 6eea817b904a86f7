import { describe, expect, it } from 'vitest';
import { bestWithin, defaultBenefit, tradeoffPoints } from '../../../../../renderer/tasks/tradeoff/model.ts';
import { frontSteps } from '../../../../../main/judge/chart/front-line.ts';
import type { Axes } from '../../../../../renderer/tasks/tradeoff/model.ts';
import type { PredictedTrial } from '../../../../../main/judge/predict/trial.ts';
import { someCircumstances, someMeasurement } from '../../../../support/measured.ts';
import { BASELINE, evaluation, int8, latency, pruned, trial } from '../../../judge/predict/cases.ts';

const AXES: Axes = { cost: 'latency', benefit: 'top1' };
const NO_LIMIT = { cost: null, benefit: null };
const TRIALS = [
  trial('base', BASELINE, { latency: latency(4), evaluation: evaluation(0.9) }),
  trial('int8', int8(), { latency: latency(2), evaluation: evaluation(0.85), bytes: 300 }),
  trial('pruned', pruned(0.5), { latency: latency(4), evaluation: evaluation(0.7) }),
  trial('unmeasured', pruned(0.9)),
];
const GUESS: PredictedTrial = {
  recipe: pruned(0.3),
  cut: null,
  channels: null,
  goodness: { value: 0.99, low: 0.8, high: 1, anchors: 0, metric: 'top1' },
  latencyMs: { value: 1, low: 1, high: 1 },
  bytes: 1000,
  nonZeroParameters: 5,
  effectiveMacs: 100,
};

describe('tradeoffPoints', () => {
  it('draws trials that have both numbers, with their intervals as error bars', () => {
    const points = tradeoffPoints(TRIALS, null, { axes: AXES, budget: NO_LIMIT });
    expect(points.map((point) => point.id)).toEqual(['base', 'int8', 'pruned']);
    expect(points[0]!.costRange).toEqual({ value: 4, low: 3.6, high: 4.4 });
    expect(points[0]!.benefitRange).toEqual({ value: 0.9, low: 0.89, high: 0.91 });
  });

  it('lets a prediction beat nobody and never stand on the front', () => {
    const points = tradeoffPoints(TRIALS, GUESS, { axes: AXES, budget: NO_LIMIT });
    expect(points.map((point) => [point.id, point.predicted, point.onFront])).toEqual([
      ['base', false, true],
      ['int8', false, true],
      ['pruned', false, false],
      ['predicted', true, false],
    ]);
  });

  it('leaves off the front what is faster by no more than the noise and surely less accurate', () => {
    const noisy = { ...latency(0.475), minMs: 0.1, p90Ms: 9 };
    const ruined = trial('Prune 60 % + int8', pruned(0.6), { latency: noisy, evaluation: evaluation(0.17) });
    const base = trial('base', BASELINE, { latency: { ...noisy, p50Ms: 0.511 }, evaluation: evaluation(0.9) });
    const points = tradeoffPoints([base, ruined], null, { axes: AXES, budget: NO_LIMIT });
    expect(points.map(({ id, onFront }) => [id, onFront])).toEqual([
      ['base', true],
      ['Prune 60 % + int8', false],
    ]);
  });

  it('draws only what was measured under the circumstances that most share', () => {
    const elsewhere = someMeasurement({
      trialId: 'other',
      value: 13.7,
      ...someCircumstances({ threads: 1, batch: 16 }),
    });
    const top1 = TRIALS[0]!.measurements.filter(({ metric }) => metric === 'top1');
    const other = trial('other', pruned(0.2), { measurements: [elsewhere, ...top1] });
    const points = tradeoffPoints([...TRIALS, other], null, { axes: AXES, budget: NO_LIMIT });
    expect(points.map(({ id }) => id)).toEqual(['base', 'int8', 'pruned']);
  });

  it('draws no prediction of another metric', () => {
    const axes: Axes = { cost: 'latency', benefit: 'agreement' };
    expect(tradeoffPoints(TRIALS, GUESS, { axes, budget: NO_LIMIT }).map((point) => point.id)).toEqual([]);
  });

  it('marks what meets the budget and names the best of them', () => {
    const points = tradeoffPoints(TRIALS, GUESS, { axes: AXES, budget: { cost: 3, benefit: null } });
    expect(points.filter((point) => point.meets).map((point) => point.id)).toEqual(['int8', 'predicted']);
    expect(bestWithin(points)?.id).toBe('int8');
  });

  it('draws the front as steps', () => {
    const points = tradeoffPoints(TRIALS, null, { axes: AXES, budget: NO_LIMIT });
    expect(frontSteps(points).map(({ cost, benefit }) => [cost, benefit])).toEqual([
      [2, 0.85],
      [4, 0.85],
      [4, 0.9],
    ]);
  });
});

describe('what is shown first', () => {
  it('starts with top-1 where there are labels, else with agreement', () => {
    expect(defaultBenefit(TRIALS, true)).toBe('top1');
    expect(defaultBenefit([trial('x', BASELINE)], false)).toBe('top1');
    expect(defaultBenefit([trial('x', BASELINE)], true)).toBe('agreement');
  });
});
