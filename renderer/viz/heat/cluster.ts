/**
 * Puts alike rows of numbers beside each other: agglomerative clustering by mean distance, by chains of nearest
 * neighbours, which needs n² distances and n² time.
 * @see Murtagh 1983, A survey of recent advances in hierarchical clustering algorithms
 */

/** More are not clustered: the distances alone would take 32 MB. */
export const MOST_CLUSTERED = 2000;

interface Tree {
  readonly size: number;
  /** Mean over its leaves' means: the larger half comes first. */
  readonly weight: number;
  readonly leaves: readonly number[];
}

/**
 * An order of rows in which alike ones are neighbours; the halves with larger numbers come first.
 * @param values row-major, `count` rows of equal length; NaN where there is no number: left out of the distance
 * @returns a permutation of 0 … count − 1; the rows' own order where there are more than `MOST_CLUSTERED`
 */
export function clusterOrder(values: Float64Array, count: number): readonly number[] {
  const own = Array.from({ length: count }, (_, at) => at);
  if (count < 3 || count > MOST_CLUSTERED) return own;
  const length = values.length / count;
  const distances = new Float64Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const distance = distanceOf(values, length, a, b);
      distances[a * count + b] = distance;
      distances[b * count + a] = distance;
    }
  }
  const trees: (Tree | undefined)[] = own.map((at) => ({ size: 1, weight: meanOf(values, length, at), leaves: [at] }));
  const chain: number[] = [];
  for (let left = count; left > 1;) {
    if (chain.length === 0) chain.push(trees.findIndex((tree) => tree !== undefined));
    const tip = chain.at(-1)!;
    const before = chain.at(-2);
    const nearest = nearestTo(tip, before, distances, trees);
    if (nearest !== before) {
      chain.push(nearest);
      continue;
    }
    chain.length -= 2;
    merge(Math.min(tip, nearest), Math.max(tip, nearest), distances, trees);
    left--;
  }
  return trees.find((tree) => tree !== undefined)!.leaves;
}

/** The tree nearest to one; the one before in the chain wins a tie, so that chains end. */
function nearestTo(
  tip: number,
  before: number | undefined,
  distances: Float64Array,
  trees: readonly (Tree | undefined)[],
): number {
  const { length: count } = trees;
  let nearest = before ?? -1;
  let least = before === undefined ? Infinity : distances[tip * count + before]!;
  for (let other = 0; other < count; other++) {
    if (other === tip || trees[other] === undefined) continue;
    const distance = distances[tip * count + other]!;
    if (distance < least || nearest < 0) [least, nearest] = [distance, other];
  }
  return nearest;
}

/** Joins b into a; distances to others become the means over all pairs of leaves. */
function merge(a: number, b: number, distances: Float64Array, trees: (Tree | undefined)[]): void {
  const { length: count } = trees;
  const [first, second] = [trees[a]!, trees[b]!];
  const size = first.size + second.size;
  for (let other = 0; other < count; other++) {
    if (other === a || other === b || trees[other] === undefined) continue;
    const mean = (first.size * distances[a * count + other]! + second.size * distances[b * count + other]!) / size;
    distances[a * count + other] = mean;
    distances[other * count + a] = mean;
  }
  const leaves =
    first.weight >= second.weight ? [...first.leaves, ...second.leaves] : [...second.leaves, ...first.leaves];
  trees[a] = { size, weight: (first.size * first.weight + second.size * second.weight) / size, leaves };
  trees[b] = undefined;
}

/** Root of the mean squared difference where both have a number; 1 where they share none. */
function distanceOf(values: Float64Array, length: number, a: number, b: number): number {
  let [sum, shared] = [0, 0];
  for (let i = 0; i < length; i++) {
    const difference = values[a * length + i]! - values[b * length + i]!;
    if (Number.isNaN(difference)) continue;
    sum += difference * difference;
    shared++;
  }
  return shared === 0 ? 1 : Math.sqrt(sum / shared);
}

function meanOf(values: Float64Array, length: number, row: number): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < length; i++) {
    const value = values[row * length + i]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
