/** Latency of a model whose channels are cut, before it was made. Pure. */
import type { Range } from './range.ts';
import { predictWidths, type LatencyModel } from './width-latency.ts';

/** A cut that was made and timed. */
export interface TimedCut {
  /** Atoms that each group kept. */
  readonly kept: ArrayLike<number>;
  /** Its time over that of the whole model, timed in turns. */
  readonly ratio: number;
}

/**
 * Milliseconds of a cut: what the times of widths say, with the share that is saved scaled as the cuts that were timed tell.
 * The band is two standard deviations of what timing the widths left open, or of what the timed cuts did, if that is more.
 * @param wholeMs of the whole model, as it was measured
 */
export function channelLatency(
  latency: LatencyModel,
  kept: ArrayLike<number>,
  { wholeMs, timed }: { readonly wholeMs: number; readonly timed: readonly TimedCut[] },
): Range {
  const savedAt = (widths: ArrayLike<number>): number => 1 - predictWidths(latency, widths).value / latency.fullMs;
  let [products, squares] = [0, 0];
  for (const cut of timed) {
    const saved = savedAt(cut.kept);
    products += saved * (1 - cut.ratio);
    squares += saved * saved;
  }
  const scale = squares === 0 ? 1 : Math.min(MOST_SCALED, Math.max(1 / MOST_SCALED, products / squares));
  const errors = timed.map((cut) => 1 - scale * savedAt(cut.kept) - cut.ratio);
  const open = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length - 1));
  const share = Math.max(0, 1 - scale * savedAt(kept));
  const band = 2 * Math.max(latency.spread, errors.length > 1 ? open : 0);
  return { value: share * wholeMs, low: Math.max(0, share - band) * wholeMs, high: (share + band) * wholeMs };
}

/** Cuts that save twice as much as predicted, or half: beyond, something else was measured. */
const MOST_SCALED = 2;
