import type { Steps } from '../../tensor/linear/interruptible.ts';
import { subtractProduct } from '../../tensor/linear/product.ts';
import type { MatrixShape } from './block-codes.ts';

const ROWS_AT_ONCE = 8;
/** Sums of squares below it count as it. */
const LEAST = Number.EPSILON ** 2;

/**
 * How loud the outputs of a matrix are: Σ over inputs of |W·x|². rows · columns² multiplications.
 * @param weights row-major [rows, columns]
 * @param gram Σx·xᵀ, row-major [columns, columns]
 */
export function* outputEnergy(
  weights: ArrayLike<number>,
  { rows, columns }: MatrixShape,
  gram: Float64Array,
): Steps<number> {
  let energy = 0;
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first);
    const part = Float64Array.from({ length: count * columns }, (_, at) => weights[first * columns + at]!);
    const product = new Float64Array(part.length);
    const panel = (values: Float64Array) => ({ values, start: 0, stride: columns });
    subtractProduct(panel(product), panel(part), panel(gram), count, columns, columns);
    for (let at = 0; at < part.length; at++) energy -= part[at]! * product[at]!;
    yield;
  }
  return energy;
}

/** Signal over error in dB, both as sums of squares; what is exact has some 300. */
export function decibels(signal: number, error: number): number {
  return 10 * Math.log10(Math.max(signal, LEAST) / Math.max(error, LEAST));
}
