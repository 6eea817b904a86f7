import { describe, expect, it } from 'vitest';
import { factorCholesky, NotPositiveDefinite } from '../../../../../main/engine/tensor/linear/cholesky.ts';
import { runInterruptibly, runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { invertSymmetric, removeFromInverse } from '../../../../../main/engine/tensor/linear/inverse.ts';
import { solveSymmetric } from '../../../../../main/engine/tensor/linear/solve.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

/** X·Xᵀ + I of random X [n, n]. */
function randomSymmetric(n: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const x = Float64Array.from({ length: n * n }, () => random() - 0.5);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < n; k++) sum += x[i * n + k]! * x[j * n + k]!;
      a[i * n + j] = a[j * n + i] = sum;
    }
  }
  return a;
}

const identityError = (a: Float64Array, b: Float64Array, n: number): number => {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * b[k * n + j]!;
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return largest;
};

describe('factorCholesky', () => {
  it('gives the factor that can be worked out by hand', () => {
    // L = [2 . .; 1 3 .; -1 2 1]
    const a = Float64Array.of(4, 2, -2, 2, 10, 5, -2, 5, 6);
    runNow(factorCholesky(a, 3));
    expect([a[0], a[3], a[4], a[6], a[7], a[8]]).toEqual([2, 1, 3, -1, 2, 1]);
  });

  it('multiplies back to the matrix, across blocks and their ends', () => {
    for (const n of [1, 5, 64, 65, 131, 330]) {
      const a = randomSymmetric(n, n);
      const lower = Float64Array.from(a);
      runNow(factorCholesky(lower, n));
      let largest = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = -a[i * n + j]!;
          for (let k = 0; k <= j; k++) sum += lower[i * n + k]! * lower[j * n + k]!;
          largest = Math.max(largest, Math.abs(sum));
        }
      }
      expect(largest / n, `n = ${n}`).toBeLessThan(1e-13);
    }
  });

  it('names the pivot where the matrix is singular, or only rounding is left', () => {
    const refusal = (...values: number[]): unknown => {
      try {
        runNow(factorCholesky(Float64Array.from(values), Math.sqrt(values.length)));
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(refusal(1, 2, 2, 4)).toMatchObject({ name: 'NotPositiveDefinite', pivot: 1 });
    expect(refusal(3, 3, 3, 3 + 1e-16)).toMatchObject({ pivot: 1 });
    expect(refusal(0)).toBeInstanceOf(NotPositiveDefinite);
    expect(refusal(1, 0, 0, Number.NaN)).toMatchObject({ pivot: 1 });
  });
});

describe('solveSymmetric', () => {
  it('solves two equations as on paper, a row each', () => {
    // [2 1; 1 3]·x = (5, 10) → (1, 3); = (3, 4) → (1, 1)
    const b = Float64Array.of(5, 10, 3, 4);
    runNow(solveSymmetric(Float64Array.of(2, 1, 1, 3), 2, b, 2));
    [1, 3, 1, 1].forEach((value, at) => expect(b[at]).toBeCloseTo(value, 12));
  });

  it('leaves a residual of rounding, for any number of rows', () => {
    for (const [n, m] of [[7, 1], [130, 3], [200, 70]] as const) {
      const a = randomSymmetric(n, n + m);
      const random = seededRandom(m);
      const b = Float64Array.from({ length: n * m }, () => random() - 0.5);
      const x = Float64Array.from(b);
      runNow(solveSymmetric(Float64Array.from(a), n, x, m));
      let largest = 0;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = -b[i * n + j]!;
          for (let k = 0; k < n; k++) sum += x[i * n + k]! * a[k * n + j]!;
          largest = Math.max(largest, Math.abs(sum));
        }
      }
      expect(largest, `${n} × ${m}`).toBeLessThan(1e-11);
    }
  }); // prettier-ignore
});

describe('invertSymmetric', () => {
  it('gives both triangles of the inverse', () => {
    for (const n of [1, 3, 100, 190]) {
      const a = randomSymmetric(n, 3 * n);
      expect(identityError(a, runNow(invertSymmetric(Float64Array.from(a), n)), n)).toBeLessThan(1e-10);
    }
  });
});

describe('removeFromInverse', () => {
  it('leaves the inverse of what stays', () => {
    const n = 20;
    const a = randomSymmetric(n, 8);
    const inverse = runNow(invertSymmetric(Float64Array.from(a), n));
    removeFromInverse(inverse, n, [3, 4, 17]);
    removeFromInverse(inverse, n, [0]);
    const left = [...Array(n).keys()].filter((i) => ![0, 3, 4, 17].includes(i));
    const part = (of: Float64Array): Float64Array =>
      Float64Array.from(left.flatMap((i) => left.map((j) => of[i * n + j]!)));
    expect(identityError(part(a), part(inverse), left.length)).toBeLessThan(1e-10);
    expect(inverse[3 * n + 5]).toBe(0);
  });
});

describe('runInterruptibly', () => {
  it('stops between two pieces of work once it is cancelled', async () => {
    const controller = new AbortController();
    let pieces = 0;
    function* endless(): Generator<void, void, void> {
      for (;;) {
        pieces++;
        const until = performance.now() + 5;
        while (performance.now() < until);
        yield;
      }
    }
    const work = runInterruptibly(endless(), controller.signal);
    setImmediate(() => controller.abort());
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(pieces).toBeGreaterThan(0);
  });
});
