import { roundHalfEven } from '../../tensor/rounding.ts';
import { binValue, type Histogram } from '../../tensor/streaming-histogram.ts';
import { activationScheme, type Range } from '../quantize-activations.ts';
import { clamp } from '../rounding.ts';
import type { CodeFormat } from '../schemes.ts';
import type { TensorStatistics } from './statistics.ts';

/** The range shrinks to so little of what was met at most. */
const LEAST = 0.1;
/** Factors that are tried at first, for both ends as one; then each end goes up and down by itself. */
const COARSE = 30;
const ROUNDS = 3;

/**
 * The range whose codes come nearest to the values in the mean square: both ends are searched, from shrinking both alike to
 * single steps of each. The error is that of the histogram's bins, at their middle; zeros have a code of their own and none.
 * @see Sung et al. 2015; Nagel et al., A White Paper on Neural Network Quantization, 2021, section 3.1
 */
export function mseRange({ histogram, range }: TensorStatistics, format: CodeFormat): Range {
  const { min, max } = { min: Math.min(range.min, 0), max: Math.max(range.max, 0) };
  if (histogram.counts.every((count) => count === 0)) return range;
  const error = roundingError(histogram, format);
  const errorOf = (low: number, high: number): number => error({ min: min * low, max: max * high });
  let best = { low: 1, high: 1, error: errorOf(1, 1) };
  const consider = (low: number, high: number): void => {
    if (!(low > LEAST && low <= 1 && high > LEAST && high <= 1)) return;
    const error = errorOf(low, high);
    if (error < best.error) best = { low, high, error };
  };
  for (let step = 1; step <= COARSE; step++) consider(1 - (step * 0.9) / COARSE, 1 - (step * 0.9) / COARSE);
  for (let round = 0, step = 0.9 / COARSE; round < ROUNDS; round++, step /= 3) {
    for (const [low, high] of [
      [1, 0],
      [0, 1],
    ] as const) {
      if (low === 1 && min === 0) continue;
      if (high === 1 && max === 0) continue;
      const { low: fromLow, high: fromHigh } = best;
      for (let at = -6; at <= 6; at++) consider(fromLow + low * at * step, fromHigh + high * at * step);
    }
  }
  return { min: min * best.low, max: max * best.high };
}

/** What rounding costs in a range, as a sum of squares over the bins of a histogram, at their middle; zeros cost nothing. */
export function roundingError(histogram: Histogram, format: CodeFormat): (range: Range) => number {
  const bins = binsOf(histogram);
  return (range) => squaredError(bins, range, format);
}

interface Bins {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** The bins that hold anything beside zeros, by their middle. */
function binsOf(histogram: Histogram): Bins {
  const { counts } = histogram;
  const filled = [...counts.keys()].filter((bin) => counts[bin]! > 0 && binValue(histogram, bin) !== 0);
  return {
    values: Float64Array.from(filled, (bin) => binValue(histogram, bin)),
    counts: Float64Array.from(filled, (bin) => counts[bin]!),
  };
}

function squaredError({ values, counts }: Bins, range: Range, format: CodeFormat): number {
  const { scale, zeroPoint } = activationScheme(range, format);
  const { lowest, highest } = format;
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const code = clamp(roundHalfEven(values[i]! / scale) + zeroPoint, lowest, highest);
    const off = values[i]! - (code - zeroPoint) * scale;
    error += counts[i]! * off * off;
  }
  return error;
}
