import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCut, magnitudeBits, smallestCut } from '../../../../../main/engine/prune/elements/select-smallest.ts';

function cut(tensors: readonly Float32Array[], count: number): number[][] {
  const bits = tensors.map(magnitudeBits);
  return applyCut(bits, smallestCut(bits, count)).map((mask) => [...mask]);
}

describe('smallestCut', () => {
  it('takes the smallest magnitudes of all tensors together, whatever their sign', () => {
    expect(cut([Float32Array.of(-1, 5, 0.5), Float32Array.of(-0.25, 9)], 3)).toEqual([
      [1, 0, 1],
      [1, 0],
    ]);
  });

  it('breaks ties by the order of tensors and elements', () => {
    expect(cut([Float32Array.of(2, 1, -1), Float32Array.of(1, 1)], 3)).toEqual([
      [0, 1, 1],
      [1, 0],
    ]);
  });

  it('takes nothing and everything when asked to, NaN last', () => {
    expect(cut([Float32Array.of(1, NaN)], 0)).toEqual([[0, 0]]);
    expect(cut([Float32Array.of(NaN, Infinity, 1)], 2)).toEqual([[0, 1, 1]]);
    expect(cut([Float32Array.of(NaN, 1)], 2)).toEqual([[1, 1]]);
  });

  it('cuts exactly the count, and nothing larger than what stays', () => {
    const tensor = fc.float32Array({ minLength: 1, maxLength: 30, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(tensor, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tensors, share) => {
          const total = tensors.reduce((sum, { length }) => sum + length, 0);
          const count = Math.round(share * total);
          const flat = tensors.flatMap((values) => [...values]).map(Math.abs);
          const mask = cut(tensors, count).flat();
          const taken = flat.filter((_, i) => mask[i] === 1);
          const kept = flat.filter((_, i) => mask[i] === 0);
          expect(taken).toHaveLength(count);
          expect(Math.max(0, ...taken)).toBeLessThanOrEqual(Math.min(Infinity, ...kept));
        },
      ),
    );
  });
});
