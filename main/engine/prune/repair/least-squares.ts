import { NotPositiveDefinite } from '../../tensor/linear/cholesky.ts';
import type { Steps } from '../../tensor/linear/interruptible.ts';
import { solveSymmetric } from '../../tensor/linear/solve.ts';
import type { GroupWeights } from '../../linear/layer-weights.ts';
import { biasFor, centredSums, type GroupSums } from '../../sums/group-sums.ts';
import { rowsBySupport } from './support.ts';

export interface RidgeOptions {
  /** λ as a multiple of the mean of the Gram matrix's diagonal. */
  readonly ridge: number;
  /** Which weights may differ from zero [M, K]; others stay zero. */
  readonly support: Uint8Array;
  /** Whether a bias takes up the means; else columns and targets are taken as they are. */
  readonly centred: boolean;
}

export interface RidgeSolution extends GroupWeights {
  /** The ridge with which the matrix could be factored: what was asked for, or a multiple of ten of it. */
  readonly ridge: number;
}

/** Sums that the runtime made in float32 say nothing of what is left of a variable below this share. */
const FLOAT32_NOISE = 1e-6;
/** How often a ridge that does not suffice is made ten times stronger. */
const TRIES = 5;

/**
 * The weights that minimise Σ|W·x + b − t|² + λ|W|², with zeros where they must stay. With a bias, columns and targets are
 * centred and b takes up the means. Rows with the same support are solved together.
 * @returns undefined where the columns are constant: nothing can be learnt from them
 * @throws NotPositiveDefinite where even the strongest ridge does not suffice
 * @see He et al. 2017 (channel pruning), eq. 3; Meng et al. 2024 (OSSCAR), for λ
 */
export function* solveRidge(sums: GroupSums, options: RidgeOptions): Steps<RidgeSolution | undefined> {
  const { gram, cross } = options.centred ? centredSums(sums) : sums;
  const { columns } = sums;
  let diagonal = 0;
  for (let k = 0; k < columns; k++) diagonal += gram[k * columns + k]! / columns;
  if (!(diagonal > 0)) return undefined;
  let ridge = options.ridge;
  for (let tries = 1; ; tries++) {
    try {
      const weights = yield* solveRows({ gram, cross, columns }, ridge * diagonal, options.support);
      return { weights, bias: biasFor(sums, weights, options.centred), ridge };
    } catch (error) {
      if (!(error instanceof NotPositiveDefinite) || tries === TRIES) throw error;
      ridge = Math.max(ridge * 10, FLOAT32_NOISE);
    }
  }
}

interface NormalEquations {
  readonly gram: Float64Array;
  readonly cross: Float64Array;
  readonly columns: number;
}

function* solveRows(
  { gram, cross, columns }: NormalEquations,
  lambda: number,
  support: Uint8Array,
): Steps<Float64Array> {
  const weights = new Float64Array(cross.length);
  for (const { rows, kept } of rowsBySupport(support, columns)) {
    const size = kept.length;
    if (size === 0) continue;
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const row = kept[i]! * columns;
      for (let j = 0; j <= i; j++) matrix[i * size + j] = gram[row + kept[j]!]!;
      matrix[i * size + i]! += lambda;
    }
    const right = new Float64Array(rows.length * size);
    for (const [at, row] of rows.entries()) {
      for (let i = 0; i < size; i++) right[at * size + i] = cross[row * columns + kept[i]!]!;
    }
    yield* solveSymmetric(matrix, size, right, rows.length, FLOAT32_NOISE);
    for (const [at, row] of rows.entries()) {
      for (let i = 0; i < size; i++) weights[row * columns + kept[i]!] = right[at * size + i]!;
    }
  }
  return weights;
}
