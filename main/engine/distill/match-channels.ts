/** Which channels of the teacher a student has left, where nobody says so. Pure. */
import type { KeptChannels } from '../prune/lineage.ts';
import { elementCount } from '../tensor/host-tensor.ts';

/** A value of some samples: the batch first. */
export interface ChannelValues {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Mean correlation below which the channels are not the same ones. */
const SAME = 0.6;
/** Places of the value that are looked at. */
const MOST_PLACES = 4096;

/**
 * Finds the teacher's channels that the student's stand for: the ascending choice whose values on the same samples correlate most.
 * Pruning keeps the order, so the best choice is found by dynamic programming in channels · channels steps.
 * @param axis of the channels; all others are equally long
 * @returns undefined where the student does not have fewer channels, or the best choice is not alike
 */
export function matchChannels(
  student: ChannelValues,
  teacher: ChannelValues,
  axis: number,
): (KeptChannels & { readonly correlation: number }) | undefined {
  const [own, all] = [student.dims[axis]!, teacher.dims[axis]!];
  if (own >= all) return undefined;
  const alike = correlations(channelRows(student, axis), channelRows(teacher, axis));
  // best[c][t]: of the first c channels among the teacher's first t
  const width = all + 1;
  const best = new Float64Array((own + 1) * width);
  for (let c = 1; c <= own; c++) {
    best[c * width + c - 1] = -Infinity;
    for (let t = c; t <= all; t++) {
      const taken = best[(c - 1) * width + t - 1]! + alike[(c - 1) * all + t - 1]!;
      best[c * width + t] = Math.max(best[c * width + t - 1]!, taken);
    }
  }
  const correlation = best[own * width + all]! / own;
  if (!(correlation >= SAME)) return undefined;
  const indices = new Uint32Array(own);
  for (let c = own, t = all; c > 0; t--) {
    if (t > c && best[c * width + t] === best[c * width + t - 1]) continue;
    indices[--c] = t - 1;
  }
  return { axis, indices, correlation };
}

/** Each channel's values at the same places, at most `MOST_PLACES` spread evenly. */
export function channelRows({ dims, data }: ChannelValues, axis: number): readonly Float64Array[] {
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const count = Math.min(MOST_PLACES, outer * inner);
  const channels = dims[axis]!;
  return Array.from({ length: channels }, (_, channel) =>
    Float64Array.from({ length: count }, (_, at) => {
      const place = Math.floor((at * outer * inner) / count);
      return data[(Math.floor(place / inner) * channels + channel) * inner + (place % inner)]!;
    }),
  );
}

/** Pearson's correlation of every row of `a` with every row of `b`, row-major; 0 where one of them is constant. */
function correlations(a: readonly Float64Array[], b: readonly Float64Array[]): Float64Array {
  const [left, right] = [a.map(standardized), b.map(standardized)];
  const result = new Float64Array(a.length * b.length);
  left.forEach((row, i) => {
    right.forEach((other, j) => {
      let sum = 0;
      for (let at = 0; at < row.length; at++) sum += row[at]! * other[at]!;
      result[i * b.length + j] = sum;
    });
  });
  return result;
}

/** Mean 0, length 1. */
function standardized(row: Float64Array): Float64Array {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const length = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  return row.map((value) => (length > 0 ? (value - mean) / length : 0));
}
