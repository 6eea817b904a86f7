import { NotPositiveDefinite } from '../../tensor/linear/cholesky.ts';
import type { Steps } from '../../tensor/linear/interruptible.ts';
import { solveSymmetric } from '../../tensor/linear/solve.ts';
import { biasFor, centredSums, squaredError, sumsOf, type GroupSums } from '../../sums/group-sums.ts';

/** Ridges that are tried, as shares of the mean of the Gram matrix's diagonal; and not to move at all. */
const RIDGES = [0.03, 0.1, 0.3, 1, 3, 10, Infinity] as const;
/** Outputs that a ridge is chosen on at most: it is one for the layer. */
const JUDGED = 64;

/** A group of a layer: its weights [outputs, columns], biases, and sums over two halves of the samples. */
export interface HalvedGroup {
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly halves: readonly [GroupSums, GroupSums];
}

/**
 * How strongly the weights of a layer should be held to their own values while they follow targets: the ridge with which weights that
 * were fitted on one half of the samples err least on the other, both ways. What comes into the layer errs by chance, and to follow that
 * closely loses more on other samples than it brings.
 * @param centred whether a bias takes up the means
 * @returns share of the mean of the Gram matrix's diagonal; Infinity: they should stay
 */
export function* chooseRidge(groups: readonly HalvedGroup[], centred: boolean): Steps<number> {
  const judged = some(groups, JUDGED).map(({ weights, bias, halves }) => {
    const { outputs, columns } = halves[0];
    const rows = some([...Array(outputs).keys()], Math.ceil(JUDGED / Math.min(groups.length, JUDGED)));
    const own = new Float64Array(rows.length * columns);
    for (const [at, m] of rows.entries()) own.set(weights.subarray(m * columns, (m + 1) * columns), at * columns);
    const [a, b] = halves.map((half) => sumsOf(half, rows));
    return { weights: own, bias: Float64Array.from(rows, (m) => bias[m]!), a: a!, b: b! };
  });
  let [best, least] = [Infinity, Infinity];
  for (const ridge of RIDGES) {
    let error = 0;
    for (const { weights, bias, a, b } of judged) {
      for (const [seen, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const fitted = yield* followTargets(weights, seen, ridge, centred);
        error += squaredError(other, { weights: fitted, bias: centred ? biasFor(seen, fitted, true) : bias });
        yield;
      }
    }
    if (error < least) [best, least] = [ridge, error];
  }
  return best;
}

/** So many of a list, evenly spread. */
function some<T>(all: readonly T[], count: number): readonly T[] {
  return all.length <= count
    ? all
    : Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)]!);
}

/**
 * W that minimises Σ|W·x + b − t|² + λ|W − W₀|², λ the ridge times the mean of the diagonal.
 * @param weights W₀ [outputs, columns]; not modified
 */
export function* followTargets(
  weights: Float64Array,
  sums: GroupSums,
  ridge: number,
  centred: boolean,
): Steps<Float64Array> {
  const { columns, outputs } = sums;
  if (ridge === Infinity) return weights.slice();
  const moved = centred ? centredSums(sums) : { gram: sums.gram.slice(), cross: sums.cross.slice() };
  const { gram, cross } = moved;
  const lambda = ridge * meanDiagonal(gram, columns);
  if (!(lambda > 0)) return weights.slice();
  for (let at = 0; at < cross.length; at++) cross[at]! += lambda * weights[at]!;
  for (let k = 0; k < columns; k++) gram[k * columns + k]! += lambda;
  try {
    yield* solveSymmetric(gram, columns, cross, outputs);
  } catch (error) {
    if (error instanceof NotPositiveDefinite) return weights.slice();
    throw error;
  }
  return cross;
}

export function meanDiagonal(gram: Float64Array, columns: number): number {
  let sum = 0;
  for (let k = 0; k < columns; k++) sum += gram[k * columns + k]!;
  return sum / columns;
}
