import type { Circumstances, Outcomes, Paired } from '../contract/measurement.ts';
import { circumstancesKey } from './circumstances.ts';
import { metricOf, type MetricId } from './metrics.ts';
import type { Estimate } from './statistics/interval.ts';
import { countPairs, pairedDifference } from './statistics/mcnemar.ts';
import { ratioThrough } from './statistics/paired-ratio.ts';
import { reversedPair } from './verdict.ts';

/** Who is compared with whom, and when that was measured. */
export interface PairOf {
  readonly trialId: string;
  readonly referenceId: string;
  readonly circumstances: Circumstances;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The ratio of two latencies timed in turns, as a pair. @param rounds of timing */
export function latencyPair(
  { trialId, referenceId, circumstances, at }: PairOf,
  ratio: Estimate,
  rounds: number,
): Paired {
  return {
    metric: 'latency',
    trialId,
    referenceId,
    kind: 'ratio',
    ...ratio,
    p: null,
    samples: rounds,
    ...circumstances,
    at,
  };
}

/** The metrics that per-sample outcomes can pair. */
export const PAIRED_BY_OUTCOMES = ['top1', 'top5', 'agreement'] as const satisfies readonly MetricId[];
export type OutcomeMetric = (typeof PAIRED_BY_OUTCOMES)[number];

/** Outcomes of two models on the same samples, and of the baseline, which agreement refers to. */
export interface OutcomesToPair {
  readonly trial: Outcomes;
  readonly reference: Outcomes;
  readonly baseline: Outcomes | undefined;
}

/**
 * The difference of two shares on the same samples, McNemar's p with it; undefined where the outcomes do not hold the
 * metric (no labels, no class scores) or are of another number of samples.
 */
export function outcomesPair(
  metric: OutcomeMetric,
  { trialId, referenceId, circumstances, at }: PairOf,
  { trial, reference, baseline }: OutcomesToPair,
): Paired | undefined {
  const own = bitsOf(metric, trial, baseline);
  const other = bitsOf(metric, reference, baseline);
  const { samples } = trial;
  if (own === null || other === null || samples !== reference.samples) return undefined;
  const difference = pairedDifference(countPairs(own, other, samples));
  return { metric, trialId, referenceId, kind: 'difference', ...difference, samples, ...circumstances, at };
}

function bitsOf(metric: OutcomeMetric, outcomes: Outcomes, baseline: Outcomes | undefined): Uint8Array | null {
  if (metric !== 'agreement') return outcomes[metric];
  const { predicted, samples } = outcomes;
  const wanted = baseline?.predicted ?? null;
  if (predicted === null || wanted === null || baseline?.samples !== samples) return null;
  const bits = new Uint8Array((samples + 7) >> 3);
  for (let index = 0; index < samples; index++) {
    const same = predicted[index]! >= 0 && predicted[index] === wanted[index];
    if (same) bits[index >> 3]! |= 1 << (index & 7);
  }
  return bits;
}

/** Trials to be compared: id, and the comparisons that each keeps. */
export interface PairedTrial {
  readonly id: string;
  readonly pairs: readonly Paired[];
}

/**
 * The comparison of a with b in a metric under the circumstances with this key: as it was measured, turned around where b
 * was measured against a, or, for ratios, through a third that both were timed in turns with. undefined: there is none.
 */
export function findPair(metric: MetricId, key: string, a: PairedTrial, b: PairedTrial): Paired | undefined {
  const fits = (pair: Paired): boolean => pair.metric === metric && circumstancesKey(pair) === key;
  const own = a.pairs.filter(fits);
  const theirs = b.pairs.filter(fits);
  const direct = own.find(({ referenceId }) => referenceId === b.id);
  if (direct !== undefined) return direct;
  const turned = theirs.find(({ referenceId }) => referenceId === a.id);
  if (turned !== undefined) return reversedPair(turned);
  if (metricOf(metric).comparison !== 'paired-ratio') return undefined;
  for (const pair of own) {
    const through = theirs.find(({ referenceId }) => referenceId === pair.referenceId);
    if (through === undefined) continue;
    const ratio = ratioThrough(pair, through);
    const { target, settings, data } = pair;
    const circumstances = { target, settings, data };
    const at = Math.max(pair.at, through.at);
    return latencyPair(
      { trialId: a.id, referenceId: b.id, circumstances, at },
      ratio,
      Math.min(pair.samples, through.samples),
    );
  }
  return undefined;
}
