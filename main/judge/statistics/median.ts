import { fairBinomialCdf } from './binomial.ts';
import type { Estimate } from './interval.ts';

/**
 * Rank (from 1) of the lower bound of the median's 95 % interval among n sorted values, for the upper bound count from
 * the end: the largest l with P(Binomial(n, ½) < l) ≤ 2.5 %. n = 10: 2; n = 100: 40; fewer than 6 values: 0, no interval.
 * @see David and Nagaraja, Order Statistics, 7.1
 */
export function medianRank(n: number): number {
  let rank = 0;
  if (n > 1000) rank = Math.max(0, Math.floor(n / 2 - 1.2 * Math.sqrt(n)));
  while (fairBinomialCdf(rank, n) <= 0.025) rank++;
  return rank;
}

/**
 * The median with its 95 % interval by order statistics: whatever the distribution of the values, at least 95 % of such
 * intervals hold the true median, as long as the values do not depend on each other.
 * @param sorted ascending, not empty; the interval is null for fewer than six
 */
export function medianEstimate(sorted: ArrayLike<number>): Estimate {
  const rank = medianRank(sorted.length);
  const value = medianOfSorted(sorted);
  if (rank === 0) return { value, low: null, high: null };
  return { value, low: sorted[rank - 1]!, high: sorted[sorted.length - rank]! };
}

/** Median of a non-empty list in any order; the mean of the middle two when their number is even. */
export function median(values: ArrayLike<number>): number {
  return medianOfSorted(Float64Array.from(values).sort());
}

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
