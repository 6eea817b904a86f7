import { factorCholesky } from './cholesky.ts';
import type { Steps } from './interruptible.ts';
import { invertSymmetric } from './inverse.ts';

/** Share of the mean of the diagonal that is added to it. */
const DAMPING = 0.01;

/**
 * L of H⁻¹ = L·Lᵀ for H = Σx·xᵀ, damped: how columns j … n take up an error in column j when those before it are settled stands
 * in column j of L. What SparseGPT and GPTQ go by. 4/3 n³ multiplications.
 * @param gram row-major [n, n]; used up. Inputs that are always zero count for least, and all alike where there are no others
 * @returns row-major [n, n], lower triangle
 * @see Frantar et al. 2023, GPTQ, step 3
 */
export function* eliminationFactor(gram: Float64Array, n: number): Steps<Float64Array> {
  let mean = 0;
  for (let at = 0; at < n; at++) mean += gram[at * n + at]! / n;
  for (let at = 0; at < n; at++) gram[at * n + at]! += mean > 0 ? DAMPING * mean : 1;
  const factor = yield* invertSymmetric(gram, n);
  yield* factorCholesky(factor, n);
  return factor;
}
