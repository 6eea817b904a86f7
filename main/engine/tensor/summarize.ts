import { isBigArray, type NumericArray } from './numeric.ts';

/** What a tensor's values look like. Moments and the histogram are those of the finite values. */
export interface TensorSummary {
  readonly elements: number;
  /** null: no finite value. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Standard deviation of the population. */
  readonly std: number | null;
  readonly zeros: number;
  readonly nan: number;
  readonly infinite: number;
  /** Equal bins from min to max; the last bin holds max. null: no finite value. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: number[] } | null;
}

export interface SummaryOptions {
  /** Bins of the histogram; 64 when not given. */
  readonly bins?: number;
}

interface Extent {
  elements: number;
  zeros: number;
  nan: number;
  infinite: number;
  finite: number;
  sum: number;
  min: number;
  max: number;
}

function measure(values: ArrayLike<number>, extent: Extent): void {
  let { zeros, nan, infinite, finite, sum, min, max } = extent;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // x - x is 0 for finite numbers only: one test instead of two on the common path.
    if (value - value !== 0) {
      if (value !== value) nan++;
      else infinite++;
      continue;
    }
    finite++;
    if (value === 0) zeros++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  Object.assign(extent, { elements: extent.elements + values.length, zeros, nan, infinite, finite, sum, min, max });
}

/** Adds to the counts; returns the sum of squared deviations from the mean. */
function spread(values: ArrayLike<number>, mean: number, min: number, range: number, counts: Uint32Array): number {
  const bins = counts.length;
  const last = bins - 1;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value !== 0) continue;
    const deviation = value - mean;
    squares += deviation * deviation;
    // Divided first: bins / range would overflow for a range of subnormals.
    const bin = Math.floor(((value - min) / range) * bins);
    counts[bin > last ? last : bin]!++;
  }
  return squares;
}

function numbers(values: NumericArray): ArrayLike<number> {
  return isBigArray(values) ? Float64Array.from(values, Number) : values;
}

/**
 * Summarizes values that come in pieces, for tensors that should not be in memory at once. Goes through them twice: for the
 * extent, then for deviations and the histogram.
 * @param pieces gives the same pieces each time that it is called
 */
export function summarizePieces(pieces: () => Iterable<NumericArray>, options: SummaryOptions = {}): TensorSummary {
  const extent: Extent = {
    elements: 0,
    zeros: 0,
    nan: 0,
    infinite: 0,
    finite: 0,
    sum: 0,
    min: Infinity,
    max: -Infinity,
  };
  for (const piece of pieces()) measure(numbers(piece), extent);
  const { elements, zeros, nan, infinite, finite, min, max } = extent;
  if (finite === 0) {
    return { elements, min: null, max: null, mean: null, std: null, zeros, nan, infinite, histogram: null };
  }
  const mean = extent.sum / finite;
  const counts = new Uint32Array(options.bins ?? 64);
  // All equal: everything falls into the first bin.
  const range = max > min ? max - min : 1;
  let squares = 0;
  for (const piece of pieces()) squares += spread(numbers(piece), mean, min, range, counts);
  const histogram = { min, max, counts: [...counts] };
  return { elements, min, max, mean, std: Math.sqrt(squares / finite), zeros, nan, infinite, histogram };
}

/** Summarizes values in memory. Two passes, no copy (64-bit integers excepted). */
export function summarize(values: NumericArray, options: SummaryOptions = {}): TensorSummary {
  return summarizePieces(() => [values], options);
}
