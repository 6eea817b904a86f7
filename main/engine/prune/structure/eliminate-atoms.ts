import { blockFactor, invertSymmetric, removeFromInverse } from '../../tensor/linear/inverse.ts';
import { runNow, type Steps } from '../../tensor/linear/interruptible.ts';
import { solveLower, solveSymmetric } from '../../tensor/linear/solve.ts';

/** A layer that reads the atoms of a group: what it computes from them, and which of its columns are whose. */
export interface Consumer {
  readonly columns: number;
  readonly outputs: number;
  /** Σ x·xᵀ [K, K], centred where the layer has a bias; with the ridge on its diagonal. */
  readonly gram: Float64Array;
  /** Σ t·xᵀ [M, K], centred likewise. */
  readonly cross: Float64Array;
  /** Columns of each atom: all taps of one channel. Columns of no atom always stay. */
  readonly atoms: readonly (readonly number[])[];
}

/** In which order the atoms of a group go, and what each costs. */
export interface Elimination {
  /** Atoms in the order in which they go; those that stay to the end are not in it. */
  readonly order: readonly number[];
  /** Rise of the squared error over that of all atoms, after 0, 1, 2 … removals, summed over consumers. */
  readonly losses: readonly number[];
}

/**
 * Optimal-brain-surgeon elimination of whole atoms: the one whose removal costs least after the others have been fitted again
 * goes, the inverses are updated, and so on. One run serves every number of atoms to keep. Removing atom j with columns S
 * costs tr(W_S·([H⁻¹]_SS)⁻¹·W_Sᵀ) of squared error, and the weights that stay become W − W_S·([H⁻¹]_SS)⁻¹·H⁻¹_S.
 * Costs of several consumers add up, each weighed.
 * @param consumers of one group, with the same atoms; not modified
 * @param options.least how many atoms stay at the end
 * @param options.weights of the consumers' errors; default: 1 each
 * @throws NotPositiveDefinite where a ridge does not suffice
 * @see Meng et al. 2024 (OSSCAR), algorithm 1; Kurtic et al. 2023 (ZipLM), eq. 4
 */
export function* eliminateAtoms(
  consumers: readonly Consumer[],
  { least, weights = consumers.map(() => 1) }: { readonly least: number; readonly weights?: readonly number[] },
): Steps<Elimination> {
  const states: State[] = [];
  for (const consumer of consumers) states.push(yield* startOf(consumer));
  const alive = new Set(consumers[0]?.atoms.keys());
  const order: number[] = [];
  const losses = [0];
  while (alive.size > least) {
    let cheapest = -1;
    let cost = Infinity;
    for (const atom of alive) {
      let sum = 0;
      for (const [at, state] of states.entries()) sum += weights[at]! * removalCost(state, atom);
      if (sum < cost) [cheapest, cost] = [atom, sum];
      yield;
    }
    for (const state of states) remove(state, cheapest);
    alive.delete(cheapest);
    order.push(cheapest);
    losses.push(losses.at(-1)! + cost);
    yield;
  }
  return { order, losses };
}

/** A consumer while atoms go. */
interface State {
  readonly consumer: Consumer;
  /** H⁻¹ of the columns that are left, zero elsewhere. */
  readonly inverse: Float64Array;
  /** The best weights of the columns that are left [M, K], zero elsewhere. */
  readonly weights: Float64Array;
}

function* startOf(consumer: Consumer): Steps<State> {
  const { columns, outputs, gram, cross } = consumer;
  const inverse = yield* invertSymmetric(Float64Array.from(gram), columns);
  const weights = Float64Array.from(cross);
  yield* solveSymmetric(Float64Array.from(gram), columns, weights, outputs);
  return { consumer, inverse, weights };
}

/** Σ over outputs of w·([H⁻¹]_SS)⁻¹·wᵀ: the square of L⁻¹·wᵀ. */
function removalCost({ consumer, inverse, weights }: State, atom: number): number {
  const removed = consumer.atoms[atom]!;
  const solved = solvedRows(consumer, inverse, weights, removed);
  let sum = 0;
  for (const value of solved.rows) sum += value * value;
  return sum;
}

/** Rows L⁻¹·w_S of all outputs [M, |S|], for [H⁻¹]_SS = L·Lᵀ. */
function solvedRows(
  { columns, outputs }: Consumer,
  inverse: Float64Array,
  weights: Float64Array,
  removed: readonly number[],
): { readonly rows: Float64Array; readonly factor: Float64Array } {
  const size = removed.length;
  const factor = blockFactor(inverse, columns, removed);
  const rows = new Float64Array(outputs * size);
  for (let m = 0; m < outputs; m++) {
    for (let s = 0; s < size; s++) rows[m * size + s] = weights[m * columns + removed[s]!]!;
  }
  runNow(solveLower(factor, size, rows, outputs));
  return { rows, factor };
}

function remove({ consumer, inverse, weights }: State, atom: number): void {
  const { columns, outputs, atoms } = consumer;
  const removed = atoms[atom]!;
  const size = removed.length;
  const { rows, factor } = solvedRows(consumer, inverse, weights, removed);
  // L⁻¹·H⁻¹_S, whose products with the rows are what the other weights take over.
  const spread = new Float64Array(columns * size);
  for (let k = 0; k < columns; k++) {
    for (let s = 0; s < size; s++) spread[k * size + s] = inverse[removed[s]! * columns + k]!;
  }
  runNow(solveLower(factor, size, spread, columns));
  for (let m = 0; m < outputs; m++) {
    for (let k = 0; k < columns; k++) {
      let sum = 0;
      for (let s = 0; s < size; s++) sum += rows[m * size + s]! * spread[k * size + s]!;
      weights[m * columns + k]! -= sum;
    }
    for (const k of removed) weights[m * columns + k] = 0;
  }
  removeFromInverse(inverse, columns, removed);
}
