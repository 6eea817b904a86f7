import { eliminationFactor } from '../../tensor/linear/elimination.ts';
import type { Steps } from '../../tensor/linear/interruptible.ts';
import { subtractProduct } from '../../tensor/linear/product.ts';
import type { Block } from './blocks.ts';
import { markSmallest } from './mark-smallest.ts';
import type { Pattern } from './pattern.ts';

/** What of a matrix is to become zero: so many of its blocks, or of each group of neighbours in a row. */
export type Wanted = { readonly count: number; readonly block: Block } | Pattern;

/** Columns of which the mask is chosen together, and whose errors reach the later ones as one product. */
const WIDTH = 128;

/**
 * Sets weights of a matrix to zero and moves those to the right of each so that the outputs change least: column after
 * column, the error of each is divided among the later ones by the inverse of Σx·xᵀ. Which go is chosen for 128 columns at
 * a time (for patterns: at each group), by w² / [H⁻¹]ⱼⱼ with what the columns before have done to them. rows · columns² / 2
 * multiplications, and 4/3 columns³ for the inverse and its factor.
 * @param weights row-major [rows, columns]; changed in place, those cut are exactly 0
 * @param gram Σx·xᵀ over the inputs, row-major [columns, columns]; used up
 * @returns the mask, row-major, 1 = cut
 * @see Frantar & Alistarh 2023, SparseGPT, algorithm 1
 */
export function* sparseGpt(weights: Float64Array, gram: Float64Array, wanted: Wanted): Steps<Uint8Array> {
  const columns = Math.round(Math.sqrt(gram.length));
  const factor = yield* eliminationFactor(gram, columns);
  const mask = new Uint8Array(weights.length);
  const rows = weights.length / columns;
  const blocks = 'kept' in wanted ? 0 : blocksOf({ rows, width: columns }, wanted.block);
  let [seen, cut] = [0, 0];
  for (let first = 0; first < columns; first += WIDTH) {
    const part: Part = { weights, factor, mask, rows, columns, first, width: Math.min(WIDTH, columns - first) };
    if ('count' in wanted) {
      // Rounding is carried on, so that the whole is exact.
      seen += blocksOf(part, wanted.block);
      const count = Math.round((wanted.count * seen) / blocks) - cut;
      cut += count;
      chooseBlocks(part, wanted.block, count);
    }
    const errors = new Float64Array(rows * part.width);
    for (let column = first; column < first + part.width; column++) {
      if ('kept' in wanted && column % wanted.of === 0) choosePattern(part, column, wanted);
      cutColumn(part, column, errors);
      yield;
    }
    spreadErrors(part, errors);
    yield;
  }
  return mask;
}

/** Neighbouring columns of a matrix. */
interface Part {
  readonly weights: Float64Array;
  /** L of H⁻¹ = L·Lᵀ, row-major [columns, columns], lower triangle. */
  readonly factor: Float64Array;
  readonly mask: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly first: number;
  readonly width: number;
}

/** What cutting a weight costs. */
function costOf({ weights, factor, columns }: Part, row: number, column: number): number {
  return (weights[row * columns + column]! / factor[column * columns + column]!) ** 2;
}

/** How many blocks a matrix has. */
export function blocksOf({ rows, width }: Pick<Part, 'rows' | 'width'>, block: Block): number {
  return Math.ceil(rows / block.rows) * Math.ceil(width / block.columns);
}

/** Marks the blocks of the least mean cost. */
function chooseBlocks(part: Part, block: Block, count: number): void {
  const { rows, columns, first, width, mask } = part;
  const across = Math.ceil(width / block.columns);
  const elementsOf = (at: number, visit: (row: number, column: number) => void): void => {
    const top = Math.floor(at / across) * block.rows;
    const left = first + (at % across) * block.columns;
    for (let row = top; row < Math.min(top + block.rows, rows); row++) {
      for (let column = left; column < Math.min(left + block.columns, first + width); column++) visit(row, column);
    }
  };
  const costs = Float64Array.from({ length: blocksOf(part, block) }, (_, at) => {
    let [sum, elements] = [0, 0];
    elementsOf(at, (row, column) => {
      sum += costOf(part, row, column);
      elements++;
    });
    return sum / elements;
  });
  markSmallest(costs, count, (at) => elementsOf(at, (row, column) => (mask[row * columns + column] = 1)));
}

/** Marks those of each row's group, which begins at a column, that cost least. */
function choosePattern(part: Part, column: number, { kept, of }: Pattern): void {
  const { rows, columns, mask } = part;
  const costs = new Float64Array(of);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < of; at++) costs[at] = costOf(part, row, column + at);
    markSmallest(costs, of - kept, (at) => (mask[row * columns + column + at] = 1));
  }
}

/** Cuts the marked weights of a column; those of the part to its right make up for it. */
function cutColumn(
  { weights, factor, mask, rows, columns, first, width }: Part,
  column: number,
  errors: Float64Array,
): void {
  const end = first + width;
  const effect = Float64Array.from({ length: end - column }, (_, at) => factor[(column + at) * columns + column]!);
  for (let row = 0; row < rows; row++) {
    const start = row * columns + column;
    if (mask[start] === 0) continue;
    const error = weights[start]! / effect[0]!;
    errors[row * width + column - first] = error;
    for (let at = 1; at < effect.length; at++) weights[start + at]! -= error * effect[at]!;
    weights[start] = 0;
  }
}

/** The columns behind the part make up for all errors in it. */
function spreadErrors({ weights, factor, rows, columns, first, width }: Part, errors: Float64Array): void {
  const end = first + width;
  const later = { values: weights, start: end, stride: columns };
  const effects = { values: factor, start: end * columns + first, stride: columns };
  subtractProduct(later, { values: errors, start: 0, stride: width }, effects, rows, columns - end, width);
}
