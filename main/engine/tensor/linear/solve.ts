import { BLOCK, factorCholesky } from './cholesky.ts';
import type { Steps } from './interruptible.ts';
import { subtractProduct } from './product.ts';

/**
 * Solves X·A = B for a symmetric positive definite A: as many systems as B has rows. n²·(n/3 + 2m) multiplications.
 * @param a row-major [n, n], lower triangle; becomes its Cholesky factor
 * @param b row-major [m, n]; becomes X
 * @param tolerance see `factorCholesky`
 * @throws NotPositiveDefinite
 */
export function* solveSymmetric(a: Float64Array, n: number, b: Float64Array, m: number, tolerance?: number): Steps {
  yield* factorCholesky(a, n, tolerance);
  yield* solveLower(a, n, b, m);
  yield* solveUpper(transposeLower(a, n), n, b, m);
}

/**
 * Solves X·Lᵀ = B, that is L·x = b for each row.
 * @param lower L, row-major [n, n]; only the lower triangle is read
 * @param b row-major [m, n]; becomes X
 */
export function* solveLower(lower: Float64Array, n: number, b: Float64Array, m: number): Steps {
  for (let first = 0; first < n; first += BLOCK) {
    const width = Math.min(BLOCK, n - first);
    const left = { values: lower, start: first * n, stride: n };
    for (let row = 0; row < m; row += BLOCK) {
      const rows = Math.min(BLOCK, m - row);
      const done = { values: b, start: row * n, stride: n };
      const target = { values: b, start: row * n + first, stride: n };
      subtractProduct(target, done, left, rows, width, first);
      for (let i = row; i < row + rows; i++) {
        for (let j = 0; j < width; j++) {
          const pivot = (first + j) * n + first;
          const start = i * n + first;
          let sum = b[start + j]!;
          for (let k = 0; k < j; k++) sum -= b[start + k]! * lower[pivot + k]!;
          b[start + j] = sum / lower[pivot + j]!;
        }
      }
      yield;
    }
  }
}

/**
 * Solves X·Uᵀ = B, that is U·x = b for each row.
 * @param upper U, row-major [n, n]; only the upper triangle is read
 * @param b row-major [m, n]; becomes X
 */
export function* solveUpper(upper: Float64Array, n: number, b: Float64Array, m: number): Steps {
  for (let end = n; end > 0; end = end - 1 - ((end - 1) % BLOCK)) {
    const first = end - 1 - ((end - 1) % BLOCK);
    const right = { values: upper, start: first * n + end, stride: n };
    for (let row = 0; row < m; row += BLOCK) {
      const rows = Math.min(BLOCK, m - row);
      const done = { values: b, start: row * n + end, stride: n };
      const target = { values: b, start: row * n + first, stride: n };
      subtractProduct(target, done, right, rows, end - first, n - end);
      for (let i = row; i < row + rows; i++) {
        for (let j = end - 1; j >= first; j--) {
          let sum = b[i * n + j]!;
          for (let k = j + 1; k < end; k++) sum -= b[i * n + k]! * upper[j * n + k]!;
          b[i * n + j] = sum / upper[j * n + j]!;
        }
      }
      yield;
    }
  }
}

/** Lᵀ of a lower triangle, as rows. */
export function transposeLower(lower: Float64Array, n: number): Float64Array {
  const upper = new Float64Array(n * n);
  for (let first = 0; first < n; first += BLOCK) {
    for (let i = first; i < n; i++) {
      const end = Math.min(first + BLOCK, i + 1);
      for (let j = first; j < end; j++) upper[j * n + i] = lower[i * n + j]!;
    }
  }
  return upper;
}
