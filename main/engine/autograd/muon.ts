/** Updates of matrices whose directions all count alike. */
import type { GraphWriter } from '../operators/graph-writer.ts';
import type { Parameter } from './parameters.ts';

/** x ← a·x + b·x³ + c·x⁵ on every singular value: from anywhere in (0, 1] to about 1 in five rounds. */
const ROUNDS = 5;
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;
const TINY = 1e-7;
/** Root mean square of an update in units of the learning rate: about that of Adam, so that one rate serves both. */
const LENGTH = 0.2;

export interface MatrixSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The matrix that a parameter multiplies with: a kernel's rows are its output channels. undefined for vectors, and where each channel
 * has a kernel of its own (depthwise).
 * @param dims [M, C, k…] of a kernel, [rows, columns] of a matrix
 */
export function matrixSize(dims: readonly number[]): MatrixSize | undefined {
  if (dims.length < 2 || (dims.length > 2 && dims[1] === 1)) return undefined;
  const rows = dims[0]!;
  const columns = dims.slice(1).reduce((product, size) => product * size, 1);
  return Math.min(rows, columns) < 2 ? undefined : { rows, columns };
}

/**
 * U·Vᵀ, about, of a matrix U·Σ·Vᵀ, times 0.2·√max(rows, columns): the direction in which a layer's outputs change most for a change of
 * given size (largest singular value). Found by a polynomial, so that it is matrix products alone.
 * @param matrix float32 [rows, columns]
 * @see Jordan et al. 2024 (Muon: Newton–Schulz with these factors); Liu et al. 2025, "Muon is scalable", for the length
 */
export function orthogonal(write: GraphWriter, matrix: string, { rows, columns }: MatrixSize): string {
  const f32 = (value: number): string => write.number(value, 'float32');
  const tall = rows > columns;
  const wide = tall ? write.transpose(matrix, [1, 0]) : matrix;
  let x = write.div(wide, write.add(write.length(wide), f32(TINY)));
  for (let round = 0; round < ROUNDS; round++) {
    const gram = write.matmul(x, write.transpose(x, [1, 0]));
    const polynomial = write.add(write.mul(gram, f32(B)), write.mul(write.matmul(gram, gram), f32(C)));
    x = write.add(write.mul(x, f32(A)), write.matmul(polynomial, x));
  }
  const long = write.mul(x, f32(LENGTH * Math.sqrt(Math.max(rows, columns))));
  return tall ? write.transpose(long, [1, 0]) : long;
}

/**
 * The same of every matrix in one vector of all parameters, times the learning rate; all else as `others` has it.
 * @param isMatrix whether a parameter whose shape is that of a matrix counts as one
 */
export function orthogonalInPlace(
  write: GraphWriter,
  directions: { readonly matrices: string; readonly rate: string; readonly others: string },
  { parameters, isMatrix }: { readonly parameters: readonly Parameter[]; readonly isMatrix: (name: string) => boolean },
): string {
  const parts: string[] = [];
  let [from, to] = [0, 0];
  const others = (): void => {
    if (to > from) parts.push(write.slice(directions.others, 0, from, to));
  };
  for (const { name, dims, offset, count } of parameters) {
    const size = isMatrix(name) ? matrixSize(dims) : undefined;
    if (size !== undefined) {
      others();
      const cut = write.slice(directions.matrices, 0, offset, offset + count);
      const matrix = write.reshapeTo(cut, [size.rows, size.columns]);
      const taken = write.mul(orthogonal(write, matrix, size), directions.rate);
      parts.push(write.reshapeTo(taken, [-1]));
      from = offset + count;
    }
    to = offset + count;
  }
  others();
  return write.concat(parts, 0);
}
