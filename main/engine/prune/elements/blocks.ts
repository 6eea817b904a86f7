import type { ScoreBits } from './select-smallest.ts';
import type { WeightMatrix } from './weight-matrix.ts';

/** Neighbouring rows and columns that stay or go together. */
export interface Block {
  readonly rows: number;
  readonly columns: number;
}

/** "4x1" → 4 rows, 1 column. */
export function blockOf(text: string): Block {
  const [rows, columns] = text.split('x').map(Number) as [number, number];
  return { rows, columns };
}

/**
 * The mean score of each block of a matrix, row of blocks after row of blocks. Blocks at the last rows and columns are smaller
 * where the size does not divide; the mean compares them with the others as the sum would not.
 * @see Gray et al. 2017, GPU Kernels for Block-Sparse Weights; Narang et al. 2017, Block-Sparse Recurrent Neural Networks
 */
export function scoresOfBlocks(
  { rowAt, columnAt }: Pick<WeightMatrix, 'rowAt' | 'columnAt'>,
  { rows, columns }: Block,
  scoreOf: (row: number, column: number) => number,
): Float64Array {
  const across = Math.ceil(columnAt.length / columns);
  const means = new Float64Array(Math.ceil(rowAt.length / rows) * across);
  for (let block = 0; block < means.length; block++) {
    const [top, left] = [Math.floor(block / across) * rows, (block % across) * columns];
    const [bottom, right] = [Math.min(top + rows, rowAt.length), Math.min(left + columns, columnAt.length)];
    let sum = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) sum += scoreOf(row, column);
    }
    means[block] = sum / ((bottom - top) * (right - left));
  }
  return means;
}

/** The same of scores that stand as the weights are stored. */
export function blockScores(scores: ScoreBits, matrix: WeightMatrix, block: Block): ScoreBits {
  const { rowAt, columnAt } = matrix;
  const values = new Float32Array(scores.buffer, scores.byteOffset, scores.length);
  const means = scoresOfBlocks(matrix, block, (row, column) => Math.abs(values[rowAt[row]! + columnAt[column]!]!));
  return new Uint32Array(Float32Array.from(means).buffer);
}

/** The mask of the weights, as they are stored, that a mask of the blocks stands for. */
export function maskOfBlocks(
  mask: Uint8Array,
  { rowAt, columnAt }: WeightMatrix,
  { rows, columns }: Block,
): Uint8Array {
  const across = Math.ceil(columnAt.length / columns);
  const whole = new Uint8Array(rowAt.length * columnAt.length);
  for (let row = 0; row < rowAt.length; row++) {
    const start = Math.floor(row / rows) * across;
    for (let column = 0; column < columnAt.length; column++) {
      whole[rowAt[row]! + columnAt[column]!] = mask[start + Math.floor(column / columns)]!;
    }
  }
  return whole;
}
