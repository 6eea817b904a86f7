import { describe, expect, it } from 'vitest';
import { symmetricEigen } from '../../../../../main/engine/tensor/linear/eigen.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

describe('symmetricEigen', () => {
  it('finds the values and vectors of a small matrix, the largest first', () => {
    // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, −1).
    const { values, vectors } = runNow(symmetricEigen(Float64Array.of(2, 1, 1, 2), 2));
    expect(values[0]).toBeCloseTo(3, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(Math.abs(vectors[0]!)).toBeCloseTo(Math.SQRT1_2, 12);
    expect(vectors[0]! * vectors[1]!).toBeCloseTo(0.5, 12);
    expect(vectors[2]! * vectors[3]!).toBeCloseTo(-0.5, 12);
  });

  it('takes the lower triangle alone, and numbers of very different size', () => {
    const { values } = runNow(symmetricEigen(Float64Array.of(1e-8, Number.NaN, 0, 1e8), 2));
    expect([...values]).toEqual([1e8, 1e-8]);
  });

  it.each([1, 3, 17, 60])('puts a random matrix of %i rows together again', (n) => {
    const random = seededRandom(n);
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random() - 0.5;
    const { values, vectors } = runNow(symmetricEigen(a, n));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let [sum, dot] = [0, 0];
        for (let k = 0; k < n; k++) {
          sum += vectors[k * n + i]! * values[k]! * vectors[k * n + j]!;
          dot += vectors[i * n + k]! * vectors[j * n + k]!;
        }
        expect(Math.abs(sum - a[i * n + j]!)).toBeLessThan(1e-12 * n);
        expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12 * n);
      }
    }
    expect([...values]).toEqual([...values].sort((x, y) => y - x));
  });

  it('says when there is no answer', () => {
    expect(() => runNow(symmetricEigen(new Float64Array(9).fill(Number.NaN), 3))).toThrow(/no eigenvalues/);
  });
});
