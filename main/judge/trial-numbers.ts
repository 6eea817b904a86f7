import type { Measurement, Paired, Verdict } from '../contract/measurement.ts';
import type { Trial } from '../contract/studio.ts';
import { measurementUnder, mostShared } from './circumstances.ts';
import { metricOf, type Metric, type MetricId } from './metrics.ts';
import { findPair } from './pairing.ts';
import { paretoFront } from './pareto.ts';
import type { Estimate } from './statistics/interval.ts';
import { opposite, verdictOfNumbers, verdictOfPair } from './verdict.ts';

/** What is compared of a trial. */
export type TrialNumbers = Pick<
  Trial,
  'id' | 'measurements' | 'pairs' | 'bytes' | 'parameters' | 'sparsity' | 'macs' | 'prune'
>;

/** A metric, and the circumstances that it is read under (by key); null: it is counted, and the same everywhere. */
export interface MetricUnder {
  readonly metric: Metric;
  readonly key: string | null;
}

/**
 * Where all trials are read, metric by metric: the circumstances that most of them share, so that nothing is compared across
 * circumstances. A settings chooser puts its own keys in place of these.
 */
export function sharedGround(trials: readonly Pick<Trial, 'measurements'>[]): (id: MetricId) => MetricUnder {
  const known = new Map<MetricId, MetricUnder>();
  return (id) => {
    const found = known.get(id) ?? { metric: metricOf(id), key: mostShared(trials, id)?.key ?? null };
    known.set(id, found);
    return found;
  };
}

/** What is counted of a trial, by metric; MACs are those of non-zero weights. null: not known. */
export function countedOf({
  bytes,
  parameters,
  sparsity,
  macs,
  prune,
}: Omit<TrialNumbers, 'id' | 'measurements' | 'pairs'>) {
  return { bytes, parameters, sparsity, macs: prune?.macs.after ?? macs };
}

/** A trial's number in a metric with its interval; undefined where it has none under those circumstances. */
export function numberOf(trial: TrialNumbers, { metric, key }: MetricUnder): Estimate | Measurement | undefined {
  if (metric.source === 'measured') {
    return key === null ? undefined : measurementUnder(trial.measurements, metric.id, key);
  }
  const value = (countedOf(trial) as Readonly<Record<string, number | null>>)[metric.id] ?? null;
  return value === null ? undefined : { value, low: null, high: null };
}

/**
 * What may be said of trial a against trial b in a metric: from `pairs` (the answer of `trial.pairs`), else from what the two
 * keep of each other or, for latency, of the baseline; only where there is no pair at all, from their separate numbers.
 * null: equal, without a better side, or one of them has no number.
 */
export function verdictBetween(
  a: TrialNumbers,
  b: TrialNumbers,
  { metric, key, pairs = [] }: MetricUnder & { readonly pairs?: readonly Paired[] },
): Verdict | null {
  const ofMetric = pairs.filter((pair) => pair.metric === metric.id);
  const found = ofMetric.find(({ trialId, referenceId }) => trialId === a.id && referenceId === b.id);
  if (found !== undefined) return verdictOfPair(metric, found);
  const turned = ofMetric.find(({ trialId, referenceId }) => trialId === b.id && referenceId === a.id);
  if (turned !== undefined) return opposite(verdictOfPair(metric, turned));
  const kept = key === null ? undefined : findPair(metric.id, key, a, b);
  if (kept !== undefined) return verdictOfPair(metric, kept);
  const [own, other] = [numberOf(a, { metric, key }), numberOf(b, { metric, key })];
  return own === undefined || other === undefined ? null : verdictOfNumbers(metric, own, other);
}

/** The two axes of a trade-off, and the answers of `trial.pairs` for both. */
export interface TrialAxes {
  readonly cost: MetricUnder;
  readonly benefit: MetricUnder;
  readonly pairs?: readonly Paired[];
}

/** The trials on the front, by rising cost: those with both numbers that no other surely beats (`paretoFront`). */
export function trialFront<T extends TrialNumbers>(
  trials: readonly T[],
  { cost, benefit, pairs = [] }: TrialAxes,
): T[] {
  const points = trials.flatMap((trial) => {
    const [x, y] = [numberOf(trial, cost), numberOf(trial, benefit)];
    return x === undefined || y === undefined ? [] : [{ id: trial.id, trial, cost: x.value, benefit: y.value }];
  });
  const front = paretoFront(points, {
    cost: (a, b) => verdictBetween(a.trial, b.trial, { ...cost, pairs }),
    benefit: (a, b) => verdictBetween(a.trial, b.trial, { ...benefit, pairs }),
  });
  return front.map(({ trial }) => trial);
}
