import { maskOfBlocks, scoresOfBlocks, type Block } from './blocks.ts';
import { markSmallest } from './mark-smallest.ts';
import type { Pattern } from './pattern.ts';
import { formColumn, type WeightMatrix } from './weight-matrix.ts';

/** What of a matrix is to become zero: a share of its blocks, or so many of each group of neighbours in a row. */
export type WantedShare = { readonly sparsity: number; readonly block: Block } | Pattern;

/**
 * The weights whose product with the size of their inputs is smallest: |w|·‖x‖₂, compared among those of one output (of a row
 * of blocks, where these go as one). Rounding is carried on from row to row, so that the share of the whole is exact.
 * @param values as they are stored
 * @param squares Σx² of each column, [groups, columns], as the form counts them
 * @returns a mask in the order of the values, 1 = cut
 * @see Sun et al. 2024, A Simple and Effective Pruning Approach for Large Language Models
 */
export function wandaMask(
  values: Float32Array | Float64Array,
  squares: Float64Array,
  matrix: WeightMatrix,
  wanted: WantedShare,
): Uint8Array {
  const { rowAt, columnAt, form } = matrix;
  const { columns, outputs } = form;
  const norms = Float64Array.from(squares, Math.sqrt);
  const scoreOf = (row: number, column: number): number =>
    Math.abs(values[rowAt[row]! + columnAt[column]!]!) *
    norms[Math.floor(row / outputs) * columns + formColumn(form, column)]!;
  const block = 'kept' in wanted ? { rows: 1, columns: 1 } : wanted.block;
  const scores = scoresOfBlocks(matrix, block, scoreOf);
  const across = Math.ceil(columns / block.columns);
  const mask = new Uint8Array(scores.length);
  let cut = 0;
  for (let start = 0; start < scores.length; start += across) {
    const row = scores.subarray(start, start + across);
    if ('kept' in wanted) {
      for (let first = 0; first < across; first += wanted.of) {
        const group = row.subarray(first, first + wanted.of);
        markSmallest(group, wanted.of - wanted.kept, (at) => (mask[start + first + at] = 1));
      }
    } else {
      const count = Math.round(wanted.sparsity * (start + across)) - cut;
      cut += count;
      markSmallest(row, count, (at) => (mask[start + at] = 1));
    }
  }
  return maskOfBlocks(mask, matrix, block);
}
