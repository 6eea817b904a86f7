import type { NumericArray } from '../numeric.ts';

/** Ranges along one axis. */
export interface ChannelRanges {
  readonly axis: number;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  /** Share of exact zeros, 0…1. */
  readonly zeros: Float64Array;
  /** Channels whose greatest magnitude is more than `OUTLIER` times the median one, the farthest first. */
  readonly outliers: readonly number[];
}

/** How many times the median greatest magnitude makes an outlier channel: LLM.int8() (Dettmers et al. 2022) takes 6 as well. */
export const OUTLIER = 6;

/**
 * Ranges of each index along an axis; values that are not finite are passed over, a channel of none has min and max NaN.
 * @param values row-major, of shape `dims`
 */
export function channelRanges(values: NumericArray, dims: readonly number[], axis: number): ChannelRanges {
  const size = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const min = new Float64Array(size).fill(Infinity);
  const max = new Float64Array(size).fill(-Infinity);
  const sum = new Float64Array(size);
  const finite = new Float64Array(size);
  const zero = new Float64Array(size);
  for (let at = 0, run = 0; at < values.length; at += inner, run++) {
    const channel = run % size;
    for (let i = at; i < at + inner; i++) {
      const value = Number(values[i]!);
      if (value - value !== 0) continue;
      if (value < min[channel]!) min[channel] = value;
      if (value > max[channel]!) max[channel] = value;
      if (value === 0) zero[channel]! += 1;
      sum[channel]! += value;
      finite[channel]! += 1;
    }
  }
  const each = values.length / Math.max(1, size);
  for (let channel = 0; channel < size; channel++) {
    if (finite[channel] === 0) min[channel] = max[channel] = sum[channel] = Number.NaN;
    else sum[channel]! /= finite[channel]!;
    zero[channel]! /= each;
  }
  return { axis, min, max, mean: sum, zeros: zero, outliers: outliersOf(min, max) };
}

function outliersOf(min: Float64Array, max: Float64Array): readonly number[] {
  const size = Array.from(min, (low, channel) => Math.max(Math.abs(low), Math.abs(max[channel]!)));
  const known = size.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)] ?? 0;
  if (median === 0) return [];
  return size
    .map((value, channel) => ({ value, channel }))
    .filter(({ value }) => value > OUTLIER * median)
    .sort((a, b) => b.value - a.value)
    .map(({ channel }) => channel);
}
