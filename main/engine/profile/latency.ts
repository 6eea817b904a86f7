import { medianEstimate } from '../../judge/statistics/median.ts';
import type { Timing } from '../runtime/timing.ts';

/** How long one run takes. Times in ms. */
export interface LatencySummary {
  readonly runs: number;
  readonly warmup: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  /** 95 % interval of p50 by order statistics; null for fewer than six runs. */
  readonly p50LowMs: number | null;
  readonly p50HighMs: number | null;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Standard deviation. */
  readonly stdMs: number;
  /** Equal bins from min to max, or to three times p50 where the slowest run took longer; slower runs are in none. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: number[] };
}

const HISTOGRAM_BINS = 40;

/** Sums up a timed series of at least one run. */
export function summarizeLatency(timing: Pick<Timing, 'timesMs' | 'warmup'>): LatencySummary {
  const sorted = timing.timesMs.toSorted();
  const runs = sorted.length;
  const meanMs = sorted.reduce((sum, time) => sum + time, 0) / runs;
  const variance = sorted.reduce((sum, time) => sum + (time - meanMs) ** 2, 0) / runs;
  const min = sorted[0]!;
  const max = sorted[runs - 1]!;
  const p50 = quantile(sorted, 0.5);
  const interval = medianEstimate(sorted);
  // One run in hundreds that waited for another program takes a hundred times as long: it would squeeze all others into one bin.
  const end = Math.min(max, 3 * p50);
  const counts = Array.from({ length: HISTOGRAM_BINS }, () => 0);
  const scale = end > min ? HISTOGRAM_BINS / (end - min) : 0;
  for (const time of sorted) {
    if (time <= end) counts[Math.min(HISTOGRAM_BINS - 1, Math.floor((time - min) * scale))]!++;
  }
  return {
    runs,
    warmup: timing.warmup,
    meanMs,
    p50Ms: p50,
    p50LowMs: interval.low,
    p50HighMs: interval.high,
    p90Ms: quantile(sorted, 0.9),
    p99Ms: quantile(sorted, 0.99),
    minMs: min,
    maxMs: max,
    stdMs: Math.sqrt(variance),
    histogram: { min, max: end, counts },
  };
}

/**
 * Quantile with linear interpolation between neighbours: [1, 2, 4] has p50 2 and p75 3.
 * @param sorted ascending, not empty
 * @see Hyndman and Fan 1996, definition 7 (NumPy's default)
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
