/**
 * What a range of codes does to the values of a tensor, computed from their histogram alone, so that a threshold can be dragged
 * and the error follows in the same frame.
 */
import type { TensorValues } from '../../../../main/contract/layer-values.ts';
import { sqnrDb } from '../../../../main/judge/signal-error.ts';

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** The codes between two thresholds: x ≈ scale · (code − zeroPoint). */
export interface Codes {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What becomes of the values. */
export interface RangeEffect {
  readonly sqnrDb: number;
  /** Shares, 0…1: of the values beyond the range, and of the codes that no value takes. */
  readonly clipped: number;
  readonly unused: number;
  /** Levels from the lowest code to the highest. */
  readonly levels: number;
  /** How many values take each code. */
  readonly counts: Float64Array;
}

/** Codes whose ends are the thresholds; zero has a code of its own, as ONNX Runtime's kernels need. */
export function codesFor({ min, max }: ValueRange, { lowest, highest }: Pick<Codes, 'lowest' | 'highest'>): Codes {
  const [from, to] = [Math.min(min, 0), Math.max(max, 0)];
  const scale = (to - from) / (highest - lowest) || 1;
  const zeroPoint = Math.min(highest, Math.max(lowest, Math.round(lowest - from / scale)));
  return { scale, zeroPoint, lowest, highest };
}

/** The thresholds of codes: the values of the lowest and the highest. */
export function rangeOfCodes({ scale, zeroPoint, lowest, highest }: Codes): ValueRange {
  return { min: scale * (lowest - zeroPoint), max: scale * (highest - zeroPoint) };
}

/** The middle of a bin; 0 for the bin that ends there, as zeros stand in it. */
export function binMiddle({ width, first }: TensorValues['histogram'], bin: number): number {
  return first + bin === 0 ? 0 : (first + bin - 0.5) * width;
}

/** Rounds the middle of every bin to its code. Within a bin the values are taken to be spread evenly. */
export function rangeEffect(histogram: TensorValues['histogram'], codes: Codes): RangeEffect {
  const { scale, zeroPoint, lowest, highest } = codes;
  const levels = highest - lowest + 1;
  const counts = new Float64Array(levels);
  const { min, max } = rangeOfCodes(codes);
  let [total, clipped, reference, difference] = [0, 0, 0, 0];
  for (const [bin, count] of histogram.counts.entries()) {
    if (count === 0) continue;
    const value = binMiddle(histogram, bin);
    const code = Math.min(highest, Math.max(lowest, Math.round(value / scale) + zeroPoint));
    // Variance of what is spread over the bin, but for the zeros.
    const spread = value === 0 ? 0 : histogram.width ** 2 / 12;
    reference += count * (value ** 2 + spread);
    // A step that is narrower than a bin errs by its own width at most.
    const error = scale < histogram.width ? scale ** 2 / 12 : (value - scale * (code - zeroPoint)) ** 2;
    const beyond = value < min - scale / 2 || value > max + scale / 2;
    difference += count * (value === 0 ? 0 : beyond ? (value - scale * (code - zeroPoint)) ** 2 : error);
    counts[code - lowest]! += count;
    total += count;
    if (beyond) clipped += count;
  }
  const used = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return {
    sqnrDb: sqnrDb({ reference, difference }),
    clipped: total === 0 ? 0 : clipped / total,
    unused: 1 - used / levels,
    levels,
    counts,
  };
}

/** Channels whose range is wider than three times that of the middle one, widest first: one range for all wastes codes on the others. */
export function outlierChannels(channels: readonly ValueRange[]): readonly number[] {
  const sizes = channels.map(({ min, max }) => Math.max(Math.abs(min), Math.abs(max)));
  const middle = [...sizes].sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
  return sizes
    .map((size, channel) => ({ size, channel }))
    .filter(({ size }) => size > OUTLIER * middle && middle > 0)
    .sort((a, b) => b.size - a.size)
    .map(({ channel }) => channel);
}

const OUTLIER = 3;

/** All of some ranges and zero, with room for thresholds at both sides. */
export function extentOf(ranges: readonly ValueRange[]): ValueRange {
  const low = Math.min(0, ...ranges.map(({ min }) => min));
  const high = Math.max(0, ...ranges.map(({ max }) => max));
  const room = (high - low || 1) * 0.04;
  return { min: low - room, max: high + room };
}

/** Heights 0…1 of a histogram drawn over an extent, by the square root so that thin tails are seen. */
export function barHeights(
  at: (bin: number) => number,
  counts: ArrayLike<number>,
  { extent, bars }: { readonly extent: ValueRange; readonly bars: number },
): Float64Array {
  const sums = new Float64Array(bars);
  const size = (extent.max - extent.min) / bars || 1;
  for (let bin = 0; bin < counts.length; bin++) {
    const bar = Math.floor((at(bin) - extent.min) / size);
    if (bar >= 0 && bar < bars) sums[bar]! += counts[bin]!;
    else if (bar === bars) sums[bars - 1]! += counts[bin]!;
  }
  // The peak at zero behind a Relu would flatten all else: heights end at the second largest times two.
  const [most = 1, second = most] = [...sums].sort((a, b) => b - a);
  const top = Math.max(1e-9, Math.min(most, second * 4));
  return sums.map((sum) => Math.min(1, Math.sqrt(sum / top)));
}
