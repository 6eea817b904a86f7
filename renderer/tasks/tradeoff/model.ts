/** The pure view model of the Trade-off task: trials as points of cost and benefit, the front, budgets, recipes in words. */
import type { Trial } from '../../../main/contract/studio.ts';
import type { Paired } from '../../../main/contract/measurement.ts';
import { metricOf } from '../../../main/judge/metrics.ts';
import type { MetricId } from '../../../main/judge/metrics.ts';
import { groundOf } from '../../../main/judge/predict/metric.ts';
import type { Goodness } from '../../../main/judge/predict/metric.ts';
import type { Range } from '../../../main/judge/predict/range.ts';
import type { PredictedTrial } from '../../../main/judge/predict/trial.ts';
import { numberOf, sharedGround, trialFront } from '../../../main/judge/trial-numbers.ts';
import type { MetricUnder } from '../../../main/judge/trial-numbers.ts';
import { meetsBudget } from './budget.ts';
import type { Budget } from './budget.ts';

export const COSTS = ['latency', 'size', 'macs'] as const;
export type CostMetric = (typeof COSTS)[number];
export type BenefitMetric = Goodness['metric'];

/** Which numbers the two axes show. */
export interface Axes {
  readonly cost: CostMetric;
  readonly benefit: BenefitMetric;
}

export const COST_TITLES: Readonly<Record<CostMetric, string>> = {
  latency: metricOf('latency').title,
  size: metricOf('bytes').title,
  macs: metricOf('macs').title,
};
export const COST_UNITS: Readonly<Record<CostMetric, string>> = { latency: 'ms', size: 'bytes', macs: 'MACs' };

/** One mark of the scatter. */
export interface TradeoffPoint {
  /** The trial's id; 'predicted' for the recipe being edited. */
  readonly id: string;
  readonly name: string;
  readonly cost: number;
  readonly benefit: number;
  /** Ends of the error bars. */
  readonly costRange: Range;
  readonly benefitRange: Range;
  readonly baseline: boolean;
  readonly predicted: boolean;
  /** No other measured point surely beats it. */
  readonly onFront: boolean;
  readonly meets: boolean;
}

const exact = (value: number): Range => ({ value, low: value, high: value });

/** Ids of the judge's metric table. */
export const COST_IDS: Readonly<Record<CostMetric, MetricId>> = { latency: 'latency', size: 'bytes', macs: 'macs' };

/** Which circumstances each metric is read under: `sharedGround` of the judge, or what was chosen. */
export type Ground = (id: MetricId) => MetricUnder;

/** A trial's cost with its 95 % interval; null while it is not measured under those circumstances. */
export function costOf(trial: Trial, metric: CostMetric, ground: Ground): Range | null {
  return rangeOf(trial, ground(COST_IDS[metric]));
}

/** A trial's benefit with its 95 % interval; null while it is not measured under those circumstances. */
export function benefitOf(trial: Trial, metric: BenefitMetric, ground: Ground): Range | null {
  return rangeOf(trial, ground(metric));
}

function rangeOf(trial: Trial, under: MetricUnder): Range | null {
  const number = numberOf(trial, under);
  return number === undefined
    ? null
    : { value: number.value, low: number.low ?? number.value, high: number.high ?? number.value };
}

/**
 * The benefit to start with: top-1 where any trial has it, else agreement, else the outputs' cosine; before anything was
 * measured, what the chosen data can give.
 */
export function defaultBenefit(trials: readonly Trial[], unlabelled: boolean): BenefitMetric {
  return groundOf(trials)?.metric ?? (unlabelled ? 'agreement' : 'top1');
}

function predictedCost(predicted: PredictedTrial, metric: CostMetric): Range | null {
  if (metric === 'latency') return predicted.latencyMs;
  const value = metric === 'size' ? predicted.bytes : predicted.effectiveMacs;
  return value === null ? null : exact(value);
}

type Raw = Omit<TradeoffPoint, 'onFront' | 'meets'>;

function rawPoint(trial: Trial, axes: Axes, ground: Ground): Raw | null {
  const cost = costOf(trial, axes.cost, ground);
  const benefit = benefitOf(trial, axes.benefit, ground);
  if (cost === null || benefit === null) return null;
  const { id, name, baseline } = trial;
  return {
    id,
    name,
    baseline,
    predicted: false,
    cost: cost.value,
    benefit: benefit.value,
    costRange: cost,
    benefitRange: benefit,
  };
}

function predictedPoint(predicted: PredictedTrial, axes: Axes): Raw | null {
  const cost = predictedCost(predicted, axes.cost);
  const { goodness } = predicted;
  if (cost === null || goodness === null || goodness.metric !== axes.benefit) return null;
  const { value, low, high } = goodness;
  return {
    id: 'predicted',
    name: 'The recipe being edited',
    baseline: false,
    predicted: true,
    cost: cost.value,
    benefit: value,
    costRange: cost,
    benefitRange: { value, low, high },
  };
}

/** How the trials are drawn. */
export interface TradeoffOptions {
  readonly axes: Axes;
  readonly budget: Budget;
  /** Default: the circumstances that most trials share. */
  readonly ground?: Ground;
  /** Answers of `trial.pairs` for both axes; without them verdicts come from what the trials keep. */
  readonly pairs?: readonly Paired[];
}

/**
 * The marks of the scatter: every trial that has both numbers, and the recipe being edited where it is only predicted.
 * The front is made of measured points, and only what surely beats a point takes it off; a prediction beats nobody.
 */
export function tradeoffPoints(
  trials: readonly Trial[],
  predicted: PredictedTrial | null,
  { axes, budget, ground = sharedGround(trials), pairs = [] }: TradeoffOptions,
): TradeoffPoint[] {
  const measured = trials.flatMap((trial) => rawPoint(trial, axes, ground) ?? []);
  const guess = predicted && predictedPoint(predicted, axes);
  const [cost, benefit] = [ground(COST_IDS[axes.cost]), ground(axes.benefit)];
  const front = new Set(trialFront(trials, { cost, benefit, pairs }).map(({ id }) => id));
  return [...measured, ...(guess ? [guess] : [])].map((point) => ({
    ...point,
    onFront: front.has(point.id),
    meets: meetsBudget(point, budget),
  }));
}

/** The best point within the budget: most benefit, then least cost; null when none meets it. */
export function bestWithin(points: readonly TradeoffPoint[]): TradeoffPoint | null {
  let best: TradeoffPoint | null = null;
  for (const point of points) {
    if (!point.meets || point.predicted) continue;
    if (!best || point.benefit > best.benefit || (point.benefit === best.benefit && point.cost < best.cost))
      best = point;
  }
  return best;
}
