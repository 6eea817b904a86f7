import type { Steps } from '../../tensor/linear/interruptible.ts';
import { subtractProduct } from '../../tensor/linear/product.ts';
import { eliminationFactor } from '../../tensor/linear/elimination.ts';
import { codeOf, emptyCodes, topOf, type BlockCodes, type BlockFormat, type MatrixShape } from './block-codes.ts';
import { searchRange } from './search-ranges.ts';

/** Columns whose errors reach the later ones as one product. */
const WIDTH = 128;
/** Rows between two moments at which the work may be stopped. */
const ROWS_AT_ONCE = 64;

/**
 * GPTQ: column after column is rounded to its nearest code, and the columns that come later take up its error, so that the
 * outputs change least on the inputs that Σx·xᵀ tells of. Columns go in the order of their inputs' size, the largest first,
 * while most others can still make up for them; scales are found beforehand, by error weighed with Σx², so that blocks stay
 * blocks of neighbours. 1 % of the mean diagonal is added to it. rows · columns² / 2 multiplications, and 4/3 columns³ for the
 * inverse and its factor.
 * @param weights row-major [rows, columns], finite; used up
 * @param gram Σx·xᵀ, row-major [columns, columns]; not modified
 * @param scales of each block of each row, zero having the middle code; left out: they are found
 * @see Frantar et al. 2023, GPTQ, algorithm 1, with the order of columns (act-order) and static groups of its code
 */
export function* gptq(
  weights: Float64Array,
  gram: Float64Array,
  { rows, columns }: MatrixShape,
  format: BlockFormat,
  scales?: Float32Array,
): Steps<BlockCodes> {
  const made = emptyCodes({ rows, columns }, format);
  const importance = Float64Array.from({ length: columns }, (_, at) => gram[at * columns + at]!);
  if (scales === undefined) yield* setRanges(made, weights, importance);
  else made.scales.set(scales);
  const order = Int32Array.from(Array.from(importance.keys()).sort((a, b) => importance[b]! - importance[a]!));
  const sorted = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < columns; j++) sorted[i * columns + j] = gram[order[i]! * columns + order[j]!]!;
    if (i % ROWS_AT_ONCE === 0) yield;
  }
  const factor = yield* eliminationFactor(sorted, columns);
  const moved = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * columns, (row + 1) * columns);
    for (let at = 0; at < columns; at++) moved[at] = own[order[at]!]!;
    own.set(moved);
    if (row % ROWS_AT_ONCE === 0) yield;
  }
  for (let first = 0; first < columns; first += WIDTH) {
    const part = { first, width: Math.min(WIDTH, columns - first) };
    const errors = new Float64Array(rows * part.width);
    for (let at = 0; at < part.width; at++) {
      roundColumn(made, { weights, factor, order, errors, part }, first + at);
      yield;
    }
    yield* spreadErrors({ rows, columns }, { weights, factor, errors, part });
  }
  return made;
}

/** Scale and zero point of every block. */
function* setRanges(made: BlockCodes, weights: Float64Array, importance: Float64Array): Steps {
  const { rows, columns, blocks, format, scales, zeroPoints } = made;
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * columns, (row + 1) * columns);
    for (let at = 0; at < blocks; at++) {
      const part = { start: at * format.block, end: Math.min((at + 1) * format.block, columns) };
      const { scale, zeroPoint } = searchRange(own, part, importance, format);
      scales[row * blocks + at] = scale;
      zeroPoints[row * blocks + at] = zeroPoint;
    }
    yield;
  }
}

interface Work {
  /** In the order of the columns; those of this part and later change. */
  readonly weights: Float64Array;
  /** L of H⁻¹ = L·Lᵀ, row-major, lower triangle. */
  readonly factor: Float64Array;
  /** Errors of the columns of the part, over their diagonal element. */
  readonly errors: Float64Array;
  readonly part: { readonly first: number; readonly width: number };
}

/** Rounds a column; those of the part to its right make up for it. */
function roundColumn(
  { rows, columns, blocks, format, codes, scales, zeroPoints }: BlockCodes,
  { weights, factor, order, errors, part: { first, width } }: Work & { readonly order: Int32Array },
  column: number,
): void {
  const effect = Float64Array.from(
    { length: first + width - column },
    (_, at) => factor[(column + at) * columns + column]!,
  );
  const place = order[column]!;
  const block = Math.floor(place / format.block);
  const top = topOf(format);
  for (let row = 0; row < rows; row++) {
    const start = row * columns + column;
    const scale = scales[row * blocks + block]!;
    const zeroPoint = zeroPoints[row * blocks + block]!;
    const code = codeOf(weights[start]!, scale, zeroPoint, top);
    codes[row * blocks * format.block + place] = code;
    const error = (weights[start]! - (code - zeroPoint) * scale) / effect[0]!;
    errors[row * width + column - first] = error;
    for (let at = 1; at < effect.length; at++) weights[start + at]! -= error * effect[at]!;
  }
}

/** The columns behind the part make up for all errors in it. */
function* spreadErrors(
  { rows, columns }: MatrixShape,
  { weights, factor, errors, part: { first, width } }: Work,
): Steps {
  const end = first + width;
  const effects = { values: factor, start: end * columns + first, stride: columns };
  for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
    const later = { values: weights, start: row * columns + end, stride: columns };
    const own = { values: errors, start: row * width, stride: width };
    subtractProduct(later, own, effects, Math.min(ROWS_AT_ONCE, rows - row), columns - end, width);
    yield;
  }
}
