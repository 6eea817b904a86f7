import type { Paired, Verdict } from '../contract/measurement.ts';
import { formatNumber, formatPoints } from './format.ts';
import type { Metric } from './metrics.ts';
import type { Estimate } from './statistics/interval.ts';

type Judged = Pick<Metric, 'direction'>;

/**
 * What a paired measurement says of the trial against the reference: better or worse only when its 95 % interval leaves out
 * "alike" (ratio 1, difference 0), and McNemar's p, where there is one, is below 5 %. null for a metric without direction.
 */
export function verdictOfPair(
  { direction }: Judged,
  pair: Pick<Paired, 'kind' | 'low' | 'high' | 'p'>,
): Verdict | null {
  if (direction === 'none') return null;
  const { low, high, p } = pair;
  const alike = pair.kind === 'ratio' ? 1 : 0;
  if (low === null || high === null || (p !== null && p >= 0.05) || (low <= alike && high >= alike))
    return 'cannot-tell';
  return low > alike === (direction === 'higher') ? 'better' : 'worse';
}

/**
 * What two numbers say where nothing was measured in pairs: exact ones by their order; ones with intervals only when these
 * do not touch, which is more careful than a pair would be. null when equal for certain, without direction, or
 * where nothing tells how far the numbers would repeat.
 */
export function verdictOfNumbers(
  metric: Judged & Pick<Metric, 'uncertainty' | 'comparison'>,
  a: Estimate,
  b: Estimate,
): Verdict | null {
  if (metric.direction === 'none') return null;
  if (metric.comparison === 'none') return null;
  if (metric.uncertainty === 'none') {
    if (a.value === b.value) return null;
    return a.value > b.value === (metric.direction === 'higher') ? 'better' : 'worse';
  }
  if (a.low === null || a.high === null || b.low === null || b.high === null) return 'cannot-tell';
  if (a.low <= b.high && b.low <= a.high) return 'cannot-tell';
  return a.low > b.high === (metric.direction === 'higher') ? 'better' : 'worse';
}

/** The same verdict from the other's side. */
export function opposite(verdict: Verdict | null): Verdict | null {
  return verdict === 'better' ? 'worse' : verdict === 'worse' ? 'better' : verdict;
}

/** The same pair from the other's side: ratio inverted, difference negated, bounds swapped. */
export function reversedPair(pair: Paired): Paired {
  const turn = (value: number | null): number | null =>
    value === null ? null : pair.kind === 'ratio' ? 1 / value : value === 0 ? 0 : -value;
  return {
    ...pair,
    trialId: pair.referenceId,
    referenceId: pair.trialId,
    value: turn(pair.value)!,
    low: turn(pair.high),
    high: turn(pair.low),
  };
}

/** A verdict in words: "faster", "less accurate", "cannot tell"; '' for null. */
export function verdictWords({ words }: Pick<Metric, 'words'>, verdict: Verdict | null): string {
  if (verdict === null) return '';
  return verdict === 'cannot-tell' ? 'cannot tell' : words[verdict === 'better' ? 0 : 1];
}

/** What a pair says, in words and numbers: "faster: 0.52× [0.5, 0.54]". */
export function sayPair(metric: Judged & Pick<Metric, 'words'>, pair: Paired): string {
  const words = verdictWords(metric, verdictOfPair(metric, pair));
  return [words, formatPair(pair)].filter((part) => part !== '').join(': ');
}

/** A ratio or difference in words: "0.52× [0.5, 0.54]", "−0.32 points [−0.9, 0.26]". */
export function formatPair({ kind, value, low, high }: Pick<Paired, 'kind' | 'value' | 'low' | 'high'>): string {
  const bound = kind === 'ratio' ? formatNumber : (x: number): string => formatNumber(x * 100);
  const main = kind === 'ratio' ? `${formatNumber(value)}×` : formatPoints(value);
  return low === null || high === null ? main : `${main} [${bound(low)}, ${bound(high)}]`;
}
