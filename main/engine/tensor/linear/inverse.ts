import { BLOCK, factorCholesky } from './cholesky.ts';
import { runNow, type Steps } from './interruptible.ts';
import { subtractProduct } from './product.ts';
import { solveLower } from './solve.ts';

/**
 * The inverse of a symmetric positive definite matrix: with U = L⁻ᵀ it is U·Uᵀ. About n³ multiplications.
 * @param a row-major [n, n], lower triangle; becomes its Cholesky factor
 * @returns row-major [n, n], both triangles
 * @throws NotPositiveDefinite
 */
export function* invertSymmetric(a: Float64Array, n: number): Steps<Float64Array> {
  yield* factorCholesky(a, n);
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  yield* solveLower(a, n, rows, n);
  const inverse = new Float64Array(n * n);
  for (let row = 0; row < n; row += BLOCK) {
    const height = Math.min(BLOCK, n - row);
    for (let col = 0; col <= row; col += BLOCK) {
      const width = Math.min(BLOCK, n - col);
      // Row i of U begins at column i.
      const target = { values: inverse, start: row * n + col, stride: n };
      const left = { values: rows, start: row * n + row, stride: n };
      const right = { values: rows, start: col * n + row, stride: n };
      subtractProduct(target, left, right, height, width, n - row);
      yield;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) inverse[i * n + j] = inverse[j * n + i] = -inverse[i * n + j]!;
  }
  return inverse;
}

/**
 * Takes variables out of an inverse: afterwards its other rows and columns are the inverse of the matrix without them,
 * H⁻¹ − H⁻¹[:,S]·(H⁻¹[S,S])⁻¹·H⁻¹[S,:]. n²·|S| multiplications.
 * @param inverse row-major [n, n], symmetric; changed in place, with zeros in the rows and columns taken out
 * @param removed indices taken out
 * @throws NotPositiveDefinite where the removed ones are linearly dependent
 * @see Frantar & Alistarh 2022 (Optimal Brain Compression), lemma 1, for blocks
 */
export function removeFromInverse(inverse: Float64Array, n: number, removed: readonly number[]): void {
  const size = removed.length;
  const factor = blockFactor(inverse, n, removed);
  // Row i holds L⁻¹·H⁻¹[S,i] for H⁻¹[S,S] = L·Lᵀ, so that the products of two rows are what is taken away.
  const rows = new Float64Array(n * size);
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < size; s++) rows[i * size + s] = inverse[i * n + removed[s]!]!;
  }
  runNow(solveLower(factor, size, rows, n));
  const panel = { values: rows, start: 0, stride: size };
  subtractProduct({ values: inverse, start: 0, stride: n }, panel, panel, n, n, size);
  for (const at of removed) {
    for (let j = 0; j < n; j++) inverse[at * n + j] = inverse[j * n + at] = 0;
  }
}

/**
 * The Cholesky factor of the rows and columns of `at`.
 * @returns row-major, lower triangle
 * @throws NotPositiveDefinite
 */
export function blockFactor(matrix: Float64Array, n: number, at: readonly number[]): Float64Array {
  const size = at.length;
  const block = new Float64Array(size * size);
  for (let s = 0; s < size; s++) {
    for (let t = 0; t <= s; t++) block[s * size + t] = matrix[at[s]! * n + at[t]!]!;
  }
  runNow(factorCholesky(block, size));
  return block;
}
