import type { Steps } from '../../tensor/linear/interruptible.ts';
import { subtractProduct } from '../../tensor/linear/product.ts';
import { codeOf, storedScale, topOf, type BlockCodes } from './block-codes.ts';

/** Passes over the codes of a row at most, with one over its scales between; the first ones bring nearly all. */
const PASSES = 3;
const ROWS_AT_ONCE = 8;

/**
 * Coordinate descent: each code in turn becomes the one with which the outputs err least while all else stays, and then each
 * scale, until none moves. The error Σ|(Q − W)·x|² never grows. rows · columns² multiplications to begin with and for each pass
 * over the scales, and columns for each code that moves.
 * @param made codes and scales are changed in place
 * @param weights row-major [rows, columns]; not modified
 * @param gram Σx·xᵀ, row-major [columns, columns]; not modified
 * @param scalesMove false: scales stay as they are, and only codes move
 * @see Behdin et al. 2023, QuantEase, algorithm 1, for the codes
 */
export function* descendCodes(made: BlockCodes, weights: Float32Array, gram: Float64Array, scalesMove = true): Steps {
  const { rows, columns } = made;
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - first);
    const errors = new Float64Array(count * columns);
    for (let row = 0; row < count; row++) writeErrors(made, weights, first + row, errors, row * columns);
    // (W − Q)·H: half of how fast the loss falls with each weight.
    const slopes = new Float64Array(count * columns);
    const panel = (values: Float64Array) => ({ values, start: 0, stride: columns });
    subtractProduct(panel(slopes), panel(errors), panel(gram), count, columns, columns);
    yield;
    for (let row = 0; row < count; row++) {
      const own = { row: first + row, slopes: slopes.subarray(row * columns, (row + 1) * columns), gram };
      for (let pass = 0; pass < PASSES; pass++) {
        if (!moveCodes(made, own) || pass === PASSES - 1) break;
        yield;
        if (scalesMove) moveScales(made, own);
        yield;
      }
    }
  }
}

/** Q − W of a row. */
function writeErrors(made: BlockCodes, weights: Float32Array, row: number, to: Float64Array, at: number): void {
  const { columns, blocks, format, codes, scales, zeroPoints } = made;
  for (let column = 0; column < columns; column++) {
    const place = row * blocks + Math.floor(column / format.block);
    const value = (codes[row * blocks * format.block + column]! - zeroPoints[place]!) * scales[place]!;
    to[at + column] = value - weights[row * columns + column]!;
  }
}

interface Row {
  readonly row: number;
  /** Kept up to date with all that moves. */
  readonly slopes: Float64Array;
  readonly gram: Float64Array;
}

/** @returns whether any code moved */
function moveCodes(made: BlockCodes, { row, slopes, gram }: Row): boolean {
  const { columns, blocks, format, codes, scales, zeroPoints } = made;
  const top = topOf(format);
  const start = row * blocks * format.block;
  let moved = false;
  for (let column = 0; column < columns; column++) {
    const curvature = gram[column * columns + column]!;
    if (!(curvature > 0)) continue;
    const place = row * blocks + Math.floor(column / format.block);
    const [scale, zero] = [scales[place]!, zeroPoints[place]!];
    const code = codes[start + column]!;
    const wanted = codeOf((code - zero) * scale + slopes[column]! / curvature, scale, zero, top);
    if (wanted === code) continue;
    codes[start + column] = wanted;
    moved = true;
    addRow(slopes, gram, column * columns, (code - wanted) * scale);
  }
  return moved;
}

function moveScales(made: BlockCodes, { row, slopes, gram }: Row): void {
  const { columns, blocks, format, codes, scales, zeroPoints } = made;
  const steps = new Float64Array(format.block);
  for (let at = 0; at < blocks; at++) {
    const place = row * blocks + at;
    const first = at * format.block;
    const width = Math.min(format.block, columns - first);
    let slope = 0;
    for (let i = 0; i < width; i++) {
      steps[i] = codes[row * blocks * format.block + first + i]! - zeroPoints[place]!;
      slope += steps[i]! * slopes[first + i]!;
    }
    let curvature = 0;
    for (let i = 0; i < width; i++) {
      const from = (first + i) * columns + first;
      let sum = 0;
      for (let j = 0; j < width; j++) sum += steps[j]! * gram[from + j]!;
      curvature += steps[i]! * sum;
    }
    if (!(curvature > 0)) continue;
    const change = storedScale(scales[place]! + slope / curvature, format) - scales[place]!;
    if (!(change * (2 * slope - change * curvature) > 0)) continue;
    scales[place]! += change;
    for (let i = 0; i < width; i++) steps[i]! *= -change;
    addRows(slopes, gram, first * columns, steps.subarray(0, width));
  }
}

/** Adds multiples of neighbouring rows of a matrix, four at a time: the sum is read and written a quarter as often. */
function addRows(to: Float64Array, matrix: Float64Array, start: number, factors: Float64Array): void {
  const n = to.length;
  const whole = factors.length - (factors.length % 4);
  let from = start;
  for (let at = 0; at < whole; at += 4, from += 4 * n) {
    const [a, b, c, d] = [factors[at]!, factors[at + 1]!, factors[at + 2]!, factors[at + 3]!];
    for (let i = 0, p = from; i < n; i++, p++) {
      to[i]! += a * matrix[p]! + b * matrix[p + n]! + c * matrix[p + 2 * n]! + d * matrix[p + 3 * n]!;
    }
  }
  for (let at = whole; at < factors.length; at++, from += n) addRow(to, matrix, from, factors[at]!);
}

/** Adds a multiple of a row of a matrix. @param from where the row begins */
function addRow(to: Float64Array, matrix: Float64Array, from: number, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * matrix[from + i]!;
}
