import type { Paired } from '../contract/measurement.ts';
import type { Trial } from '../contract/studio.ts';
import { circumstancesOf, measurementUnder } from '../judge/circumstances.ts';
import { findMetric, METRICS, type MetricId } from '../judge/metrics.ts';
import { findPair, outcomesPair, PAIRED_BY_OUTCOMES, type OutcomeMetric } from '../judge/pairing.ts';
import type { MeasureContext } from './studio-context.ts';
import { baselineOf } from './trial-state.ts';

const isOutcomeMetric = (metric: MetricId): metric is OutcomeMetric =>
  (PAIRED_BY_OUTCOMES as readonly string[]).includes(metric);

/**
 * The comparison of a with b in one metric under the circumstances with this key: as measured, or from what both answered on
 * the same samples. undefined where they cannot be paired.
 */
export async function pairTrials(
  context: Pick<MeasureContext, 'workspace'>,
  [a, b]: readonly [Trial, Trial],
  { metric, key }: { readonly metric: string; readonly key: string },
): Promise<Paired | undefined> {
  const id = findMetric(metric)?.id;
  if (id === undefined) return undefined;
  const measured = findPair(id, key, a, b);
  if (measured !== undefined || !isOutcomeMetric(id)) return measured;
  const measurement = measurementUnder(a.measurements, id, key);
  if (measurement === undefined) return undefined;
  const { target, settings, data, at } = measurement;
  const baseline = await baselineOf(context, a);
  const [own, other, theirs] = await Promise.all(
    [a.id, b.id, baseline?.id].map((each) => (each === undefined ? undefined : context.workspace.outcomes(each, key))),
  );
  if (own === undefined || other === undefined) return undefined;
  return outcomesPair(
    id,
    { trialId: a.id, referenceId: b.id, circumstances: { target, settings, data }, at },
    { trial: own, reference: other, baseline: theirs },
  );
}

/** Every comparison of b with a, in all metrics, under all circumstances that both were measured under. */
export async function allPairs(context: Pick<MeasureContext, 'workspace'>, a: Trial, b: Trial): Promise<Paired[]> {
  const pairs: Paired[] = [];
  for (const { id } of METRICS) {
    for (const { key } of circumstancesOf(b.measurements, id)) {
      const pair = await pairTrials(context, [b, a], { metric: id, key });
      if (pair !== undefined) pairs.push(pair);
    }
  }
  return pairs;
}

/** Each couple of these trials once, the earlier first, where they can be compared. */
export async function pairsAmong(
  context: Pick<MeasureContext, 'workspace'>,
  trialIds: readonly string[],
  wanted: { readonly metric: string; readonly key: string },
): Promise<Paired[]> {
  const trials = await Promise.all(trialIds.map((id) => context.workspace.trial(id)));
  const pairs: Paired[] = [];
  for (const [index, a] of trials.entries()) {
    for (const b of trials.slice(index + 1)) {
      const pair = await pairTrials(context, [a, b], wanted);
      if (pair !== undefined) pairs.push(pair);
    }
  }
  return pairs;
}
