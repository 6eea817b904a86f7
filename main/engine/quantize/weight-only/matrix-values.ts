import { assert } from '../../../base/errors.ts';
import type { Tensor } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { MatrixShape } from './block-codes.ts';

/** Where a matrix lies. */
export interface MatrixPlace extends MatrixShape {
  readonly tensor: Tensor;
  /** In which it is taken; it may be stored in another. */
  readonly dtype: DType;
  /** Whether its rows, which are the outputs of products and the rows that lookups give, lie one after the other. */
  readonly rowsFirst: boolean;
  /** Of all elements, before they are used. */
  readonly factor: number;
}

/** The matrix in float32, row after row, as its uses take it; may be a view on the file: not to be modified. */
export function matrixValues({ tensor, rowsFirst, rows, columns, factor }: MatrixPlace): Float32Array {
  const values = tensorValues(tensor);
  assert(values instanceof Float32Array, `'${tensor.name}' holds floats of 32 bits or fewer`);
  const ordered = rowsFirst ? values : transposed(values, { rows: columns, columns: rows });
  return factor === 1 ? ordered : ordered.map((value) => value * factor);
}

/** Rows and columns of a square tile that stays in the first cache while it is turned. */
const TILE = 32;

/** Columns in the place of rows. @param values row-major [rows, columns] */
export function transposed(values: Float32Array, { rows, columns }: MatrixShape): Float32Array {
  const turned = new Float32Array(values.length);
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(top + TILE, rows);
    for (let left = 0; left < columns; left += TILE) {
      const right = Math.min(left + TILE, columns);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) turned[column * rows + row] = values[row * columns + column]!;
      }
    }
  }
  return turned;
}
