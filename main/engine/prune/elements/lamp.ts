import { assert } from '../../../base/errors.ts';
import type { ScoreBits } from './select-smallest.ts';

/** Lower bits that weights of one bucket may differ in: a bucket is 0.4 % wide at most. */
const SHIFT = 15;
const BUCKETS = 1 << 16;
const MAGNITUDE = 0x7fffffff;
/** Halvings of the range of thresholds: float64 has no more between two neighbours. */
const HALVINGS = 1100;

/**
 * How many weights each layer gives when the `count` smallest LAMP scores of all layers go. The score of a weight is its square
 * over the sum of the squares of all weights of its layer that are not smaller, so that no layer is emptied while others are
 * full. Within a layer the order is that of the magnitudes (the earlier of equals first), so a number for each layer says all.
 *
 * Exact without sorting: scores are bounded from both sides for each bucket of alike magnitudes, and only the weights of the
 * few buckets in doubt are looked at one by one. Two passes over the weights.
 * @param layers the magnitudes of each layer
 * @param count 0 … number of weights
 * @see Lee et al. 2021, Layer-adaptive Sparsity for the Magnitude-based Pruning, eq. 4
 */
export function lampCounts(layers: readonly (readonly ScoreBits[])[], count: number): number[] {
  const total = layers.flat().reduce((sum, { length }) => sum + length, 0);
  assert(count >= 0 && count <= total, `cannot cut ${count} of ${total} weights`);
  const spreads = layers.map(spreadOf);
  // Every weight up to `sure` is among the smallest, none beyond `most` is.
  const sure = lastWhere((score) => sumOf(spreads, (spread) => countAt(spread, spread.least, score)) <= count);
  const most = firstWhere((score) => sumOf(spreads, (spread) => countAt(spread, spread.greatest, score)) >= count);
  const certain = spreads.map((spread) => countAt(spread, spread.greatest, sure));
  const doubtful = layers.map((sets, at) => scoresBetween(sets, spreads[at]!, { sure, most }));
  return smallestOf(doubtful, count - sumOf(certain, (each) => each)).map((more, at) => certain[at]! + more);
}

/** The buckets in use of a layer, by magnitude. */
interface Spread {
  readonly buckets: Uint32Array;
  /** Weights in this bucket and below. */
  readonly cumulative: Float64Array;
  /** Sum of squares in this bucket and above. */
  readonly energyFrom: Float64Array;
  /** Bounds of the scores in the bucket; both ascend, and each bucket's greatest is below the next one's least. */
  readonly least: Float64Array;
  readonly greatest: Float64Array;
}

const counts = new Float64Array(BUCKETS);
const energies = new Float64Array(BUCKETS);

function spreadOf(sets: readonly ScoreBits[]): Spread {
  counts.fill(0);
  energies.fill(0);
  for (const bits of sets) {
    const weights = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
    for (let i = 0; i < bits.length; i++) {
      const bucket = (bits[i]! & MAGNITUDE) >>> SHIFT;
      const weight = weights[i]!;
      counts[bucket] = counts[bucket]! + 1;
      energies[bucket] = energies[bucket]! + weight * weight;
    }
  }
  const used: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) if (counts[bucket]! > 0) used.push(bucket);
  const buckets = Uint32Array.from(used);
  const cumulative = new Float64Array(buckets.length);
  const energyFrom = new Float64Array(buckets.length + 1);
  for (let i = 0; i < buckets.length; i++) cumulative[i] = (cumulative[i - 1] ?? 0) + counts[buckets[i]!]!;
  for (let i = buckets.length - 1; i >= 0; i--) energyFrom[i] = energyFrom[i + 1]! + energies[buckets[i]!]!;
  const least = new Float64Array(buckets.length);
  const greatest = new Float64Array(buckets.length);
  for (const [i, bucket] of buckets.entries()) {
    const [low, high] = [floatOf(bucket << SHIFT) ** 2, floatOf(((bucket + 1) << SHIFT) - 1) ** 2];
    least[i] = low > 0 ? Math.min(1, low / energyFrom[i]!) : 0;
    greatest[i] = high / (high + energyFrom[i + 1]!);
  }
  return { buckets, cumulative, energyFrom, least, greatest };
}

const one = new Uint32Array(1);
const oneFloat = new Float32Array(one.buffer);

function floatOf(bits: number): number {
  one[0] = bits;
  return oneFloat[0]!;
}

/** Weights in the buckets whose bound is not above the score. */
function countAt({ cumulative }: Spread, bounds: Float64Array, score: number): number {
  return cumulative[endAt(bounds, score) - 1] ?? 0;
}

/** How many of the ascending bounds are not above the score. */
function endAt(bounds: Float64Array, score: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bounds[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The scores of a layer's weights in the buckets that neither bound decides, ascending. */
function scoresBetween(
  sets: readonly ScoreBits[],
  { buckets, cumulative, energyFrom, least, greatest }: Spread,
  { sure, most }: { readonly sure: number; readonly most: number },
): Float64Array {
  const first = endAt(greatest, sure);
  const end = endAt(least, most);
  if (first >= end) return new Float64Array(0);
  const met = new Uint32Array(cumulative[end - 1]! - (cumulative[first - 1] ?? 0));
  let count = 0;
  for (const bits of sets) count = collect(bits, { lowest: buckets[first]!, highest: buckets[end - 1]! }, met, count);
  const scores = Float64Array.from(met.sort(), floatOf);
  let rest = energyFrom[first]!;
  for (let i = 0; i < scores.length; i++) {
    const square = scores[i]! ** 2;
    scores[i] = square > 0 ? square / Math.max(rest, square) : 0;
    rest -= square;
  }
  return scores;
}

/** Appends the magnitudes in a range of buckets to `met`. @returns how many are there then */
function collect(
  bits: ScoreBits,
  { lowest, highest }: { readonly lowest: number; readonly highest: number },
  met: Uint32Array,
  count: number,
): number {
  let at = count;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & MAGNITUDE;
    const bucket = magnitude >>> SHIFT;
    if (bucket >= lowest && bucket <= highest) met[at++] = magnitude;
  }
  return at;
}

/** How many of each list are among the `count` smallest of all; of equals the earlier list's go first. */
function smallestOf(lists: readonly Float64Array[], count: number): number[] {
  const all = Float64Array.from(lists.flatMap((list) => [...list])).sort();
  const threshold = count === 0 ? -1 : all[count - 1]!;
  const below = lists.map((list) => list.filter((score) => score < threshold).length);
  let ties = count - sumOf(below, (each) => each);
  return lists.map((list, at) => {
    const taken = Math.min(ties, list.filter((score) => score === threshold).length);
    ties -= taken;
    return below[at]! + taken;
  });
}

/** The greatest score up to which it holds; it holds below 0. */
function lastWhere(holds: (score: number) => boolean): number {
  return bisect(holds)[0];
}

/** The least score from which on it holds; it holds from 1 on. */
function firstWhere(holds: (score: number) => boolean): number {
  return bisect((score) => !holds(score))[1];
}

function bisect(before: (score: number) => boolean): readonly [last: number, next: number] {
  let [low, high] = [-Number.MIN_VALUE, 1];
  if (before(high)) return [high, high];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (before(middle)) low = middle;
    else high = middle;
  }
  return [low, high];
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}
