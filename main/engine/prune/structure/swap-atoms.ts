import { blockFactor, invertSymmetric, removeFromInverse } from '../../tensor/linear/inverse.ts';
import { factorCholesky } from '../../tensor/linear/cholesky.ts';
import { runNow, type Steps } from '../../tensor/linear/interruptible.ts';
import { subtractProduct } from '../../tensor/linear/product.ts';
import { solveLower, solveSymmetric } from '../../tensor/linear/solve.ts';
import type { Consumer } from './eliminate-atoms.ts';

/** Atoms that are kept, and the squared error that the best weights leave, less that of giving nothing; consumers summed. */
export interface KeptAtoms {
  readonly kept: readonly number[];
  readonly loss: number;
}

/** Rounds of swaps at most. */
const ROUNDS = 20;

/**
 * Searches near a set of kept atoms for a better one of the same size: the atoms that cost least go, as many of those outside
 * that gain most come in, and the change stays if the exact error falls; else half as many are swapped, until not even one
 * swap helps.
 * @param kept at least one; in any order
 * @returns `kept` ascending
 * @throws NotPositiveDefinite
 * @see Meng et al. 2024 (OSSCAR), local search
 */
export function* swapAtoms(
  consumers: readonly Consumer[],
  kept: readonly number[],
  options: { readonly weights?: readonly number[] } = {},
): Steps<KeptAtoms> {
  const weights = options.weights ?? consumers.map(() => 1);
  const all = consumers[0]?.atoms.length ?? 0;
  let best: KeptAtoms = { kept, loss: yield* lossOf(consumers, kept, weights) };
  let swaps = Math.max(1, Math.floor(Math.min(kept.length, all - kept.length) / 4));
  for (let round = 0; round < ROUNDS && kept.length < all && kept.length > 0; round++) {
    const tried = yield* exchanged(consumers, best.kept, { swaps, weights });
    const loss = yield* lossOf(consumers, tried, weights);
    if (loss < best.loss - 1e-9 * Math.abs(best.loss)) best = { kept: tried, loss };
    else if (swaps === 1) break;
    else swaps = Math.floor(swaps / 2);
  }
  return { ...best, kept: [...best.kept].sort((a, b) => a - b) };
}

/**
 * −tr(G_S·(H_SS)⁻¹·G_Sᵀ) of the columns that are kept, summed over consumers: the squared error of the best weights, up to what
 * does not depend on the choice.
 */
export function* lossOf(
  consumers: readonly Consumer[],
  kept: readonly number[],
  weights: readonly number[],
): Steps<number> {
  let loss = 0;
  for (const [at, consumer] of consumers.entries()) {
    const { matrix, right } = partOf(consumer, columnsOf(consumer, kept));
    const solved = Float64Array.from(right);
    yield* solveSymmetric(matrix, Math.sqrt(matrix.length), solved, consumer.outputs);
    for (let i = 0; i < right.length; i++) loss -= weights[at]! * right[i]! * solved[i]!;
  }
  return loss;
}

/**
 * The best weights of the columns that are kept.
 * @returns [M, K], zero in the columns of atoms that go
 * @throws NotPositiveDefinite
 */
export function* fitKept(consumer: Consumer, kept: readonly number[]): Steps<Float64Array> {
  const own = columnsOf(consumer, kept);
  const { columns, outputs } = consumer;
  const { matrix, right } = partOf(consumer, own);
  yield* solveSymmetric(matrix, own.length, right, outputs);
  const weights = new Float64Array(outputs * columns);
  for (let m = 0; m < outputs; m++) {
    own.forEach((column, at) => (weights[m * columns + column] = right[m * own.length + at]!));
  }
  return weights;
}

/** The set after the given number of swaps, each chosen as if it were the only one. */
function* exchanged(
  consumers: readonly Consumer[],
  kept: readonly number[],
  { swaps, weights }: { readonly swaps: number; readonly weights: readonly number[] },
): Steps<readonly number[]> {
  const inside = new Float64Array(kept.length);
  const fits: Fitted[] = [];
  for (const [at, consumer] of consumers.entries()) {
    const fit = yield* fitted(consumer, kept);
    fits.push(fit);
    removalCosts(fit, kept).forEach((cost, place) => (inside[place]! += weights[at]! * cost));
  }
  const leaving = new Set(smallest(inside, swaps).map((place) => kept[place]!));
  const left = kept.filter((atom) => !leaving.has(atom));
  const outside = [...(consumers[0]?.atoms.keys() ?? [])].filter((atom) => !left.includes(atom));
  const gains = new Float64Array(outside.length);
  for (const [at, fit] of fits.entries()) {
    removeAtoms(fit, leaving);
    const found = yield* additionGains(fit, outside);
    found.forEach((gain, place) => (gains[place]! -= weights[at]! * gain));
  }
  return [...left, ...smallest(gains, swaps).map((place) => outside[place]!)];
}

/** What each kept atom would cost to remove: w_S·([H⁻¹]_SS)⁻¹·w_Sᵀ. */
function removalCosts({ consumer, inverse, weights, places, size }: Fitted, kept: readonly number[]): Float64Array {
  return Float64Array.from(kept, (atom) => {
    const at = consumer.atoms[atom]!.map((column) => places.get(column)!);
    const block = Float64Array.from(at.flatMap((i) => at.map((j) => inverse[i * size + j]!)));
    return quadratic(block, at.length, gather(weights, size, at, consumer.outputs), consumer.outputs);
  });
}

/** What each atom outside would gain: g·C⁻¹·gᵀ with C = H_jj − bᵀ·H⁻¹·b and g = G_j − W·b, where b are the columns H of j. */
function* additionGains(fit: Fitted, outside: readonly number[]): Steps<Float64Array> {
  const { consumer, inverse, weights, own, size } = fit;
  const { columns, outputs, gram, cross } = consumer;
  const gains = new Float64Array(outside.length);
  const panel = (values: Float64Array, stride: number) => ({ values, start: 0, stride });
  for (const [place, atom] of outside.entries()) {
    const added = consumer.atoms[atom]!;
    const width = added.length;
    // Rows of b, and −H⁻¹·b. Of columns that have left, the inverse and the weights are zero.
    const b = new Float64Array(width * size);
    added.forEach((column, s) => own.forEach((k, i) => (b[s * size + i] = gram[column * columns + k]!)));
    const solved = new Float64Array(b.length);
    subtractProduct(panel(solved, size), panel(b, size), panel(inverse, size), width, size, size);
    const block = new Float64Array(width * width);
    added.forEach((i, s) => added.forEach((j, t) => (block[s * width + t] = -gram[i * columns + j]!)));
    subtractProduct(panel(block, width), panel(b, size), panel(solved, size), width, width, size);
    for (let at = 0; at < block.length; at++) block[at] = -block[at]!;
    const rows = gather(cross, columns, added, outputs);
    subtractProduct(panel(rows, width), panel(weights, size), panel(b, size), outputs, width, size);
    gains[place] = quadratic(block, width, rows, outputs);
    yield;
  }
  return gains;
}

interface Fitted {
  readonly consumer: Consumer;
  /** Columns that are kept, and where each stands among them. */
  readonly own: readonly number[];
  readonly places: ReadonlyMap<number, number>;
  readonly size: number;
  readonly inverse: Float64Array;
  /** The best weights of these columns [M, size]. */
  readonly weights: Float64Array;
}

function* fitted(consumer: Consumer, kept: readonly number[]): Steps<Fitted> {
  const own = columnsOf(consumer, kept);
  const { matrix, right } = partOf(consumer, own);
  const size = own.length;
  const inverse = yield* invertSymmetric(matrix, size);
  const { outputs } = consumer;
  const weights = new Float64Array(right.length);
  for (let at = 0; at < right.length; at++) right[at] = -right[at]!;
  const panel = (values: Float64Array) => ({ values, start: 0, stride: size });
  subtractProduct(panel(weights), panel(right), panel(inverse), outputs, size, size);
  yield;
  return { consumer, own, places: new Map(own.map((column, place) => [column, place])), size, inverse, weights };
}

/**
 * Takes atoms out of what was fitted, which becomes that of the others: H⁻¹ and weights are zero in the columns that went.
 * @param leaving among those that it was fitted for
 */
function removeAtoms({ consumer, inverse, weights, places, size }: Fitted, leaving: Iterable<number>): void {
  const at = [...leaving].flatMap((atom) => consumer.atoms[atom]!.map((column) => places.get(column)!));
  const { outputs } = consumer;
  const count = at.length;
  const factor = blockFactor(inverse, size, at);
  // W − W_S·([H⁻¹]_SS)⁻¹·H⁻¹_S as a product of L⁻¹·W_S and L⁻¹·H⁻¹_S.
  const rows = gather(weights, size, at, outputs);
  runNow(solveLower(factor, count, rows, outputs));
  const spread = gather(inverse, size, at, size);
  runNow(solveLower(factor, count, spread, size));
  const panel = (values: Float64Array, stride: number) => ({ values, start: 0, stride });
  subtractProduct(panel(weights, size), panel(rows, count), panel(spread, count), outputs, size, count);
  for (const column of at) for (let m = 0; m < outputs; m++) weights[m * size + column] = 0;
  removeFromInverse(inverse, size, at);
}

/** Columns of the kept atoms, and those of no atom. */
function columnsOf({ atoms, columns }: Consumer, kept: readonly number[]): readonly number[] {
  const gone = new Uint8Array(columns);
  for (const atom of atoms) for (const column of atom) gone[column] = 1;
  for (const atom of kept) for (const column of atoms[atom]!) gone[column] = 0;
  return [...Array(columns).keys()].filter((column) => gone[column] === 0);
}

function partOf(
  { columns, outputs, gram, cross }: Consumer,
  own: readonly number[],
): { readonly matrix: Float64Array; readonly right: Float64Array } {
  const size = own.length;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) matrix[i * size + j] = gram[own[i]! * columns + own[j]!]!;
  }
  return { matrix, right: gather(cross, columns, own, outputs) };
}

/** Some columns of rows. */
function gather(values: Float64Array, columns: number, own: readonly number[], rows: number): Float64Array {
  const gathered = new Float64Array(rows * own.length);
  for (let m = 0; m < rows; m++) {
    for (let i = 0; i < own.length; i++) gathered[m * own.length + i] = values[m * columns + own[i]!]!;
  }
  return gathered;
}

/** Σ over rows of r·A⁻¹·rᵀ: the square of L⁻¹·rᵀ. @param block A, becomes its factor; @param rows become L⁻¹·r */
function quadratic(block: Float64Array, size: number, rows: Float64Array, count: number): number {
  runNow(factorCholesky(block, size));
  runNow(solveLower(block, size, rows, count));
  return rows.reduce((sum, value) => sum + value * value, 0);
}

/** Places of the smallest values. */
function smallest(values: Float64Array, count: number): readonly number[] {
  return [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b).slice(0, count);
}
