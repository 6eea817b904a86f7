import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDims,
  ceilDivideDims,
  divideDimsExactly,
  floorDivideDims,
  isOpenDim,
  multiplyDims,
  productOfDims,
  sameDim,
  substituteDim,
  subtractDims,
} from '../../../../main/engine/operators/dimension.ts';
import type { Dim } from '../../../../main/engine/graph/ir.ts';

const build = (terms: readonly (readonly [number, string])[]): Dim =>
  terms.reduce<Dim>((sum, [factor, symbol]) => addDims(sum, symbol === '' ? factor : multiplyDims(factor, symbol)), 0);

describe('dimension arithmetic', () => {
  it('writes sums and products in one normal form', () => {
    expect(addDims('n', 3)).toBe('n + 3');
    expect(addDims(3, 'n')).toBe('n + 3');
    expect(addDims('n + 3', -3)).toBe('n');
    expect(multiplyDims('batch', 12)).toBe('12*batch');
    expect(multiplyDims('seq', 'batch')).toBe('batch*seq');
    expect(multiplyDims('n + 1', 'n - 1')).toBe('n*n - 1');
    expect(subtractDims('n', 'n')).toBe(0);
  });

  it('cancels symbols on division', () => {
    expect(divideDimsExactly('512*batch', 512)).toBe('batch');
    expect(divideDimsExactly('64*batch*seq', 'batch*seq')).toBe(64);
    expect(divideDimsExactly('8*n + 4*m', 4)).toBe('m + 2*n');
    expect(divideDimsExactly('4*n + 4', 'n + 1')).toBe(4);
    expect(divideDimsExactly('3*n', 2)).toBeNull();
  });

  it('takes what divides out of a floor', () => {
    expect(floorDivideDims('2*n + 3', 2)).toBe('n + 1');
    // one form for all: floor((n − 1)/2) = floor((n + 1)/2) − 1
    expect(floorDivideDims('n - 1', 2)).toBe('floor((n + 1)/2) - 1');
    expect(addDims(floorDivideDims('width + 1', 4), 1)).toBe('floor((width + 1)/4) + 1');
    expect(ceilDivideDims('n', 2)).toBe('floor((n + 1)/2)');
    expect(floorDivideDims(-3, 2)).toBe(-2);
  });

  it('keeps names that look like a subtraction', () => {
    expect(addDims('batch-size', 1)).toBe('batch-size + 1');
    expect(substituteDim('batch-size', { 'batch-size': 4 })).toBe(4);
    expect(substituteDim('past length + 1', { 'past length': 4 })).toBe(5);
  });

  it('reads what exporters write', () => {
    expect(sameDim('past + seq', addDims('seq', 'past'))).toBe(true);
    expect(substituteDim('past_length + 1', { past_length: 7 })).toBe(8);
    expect(substituteDim('2*s0', { s0: 5 })).toBe(10);
    expect(substituteDim('floor((h - 1)/2) + 1', { h: 224 })).toBe(112);
    expect(substituteDim('n*m', { n: 2 })).toBe('2*m');
  });

  it('knows nothing about open dimensions, except that zero times one is zero', () => {
    expect(addDims(null, 1)).toBeNull();
    expect(productOfDims([null, 4])).toBeNull();
    expect(productOfDims([null, 0])).toBe(0);
    expect(sameDim(null, null)).toBe(false);
    expect(isOpenDim(addDims('?3', 'n'))).toBe(true);
  });

  const expression = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.constantFrom('a', 'b', 'c-d', '')), {
    minLength: 1,
    maxLength: 4,
  });

  it('gives the same number whether symbols are put in before or after', () => {
    const sizes = { a: 3, b: 5, 'c-d': 7 };
    const number = (dim: Dim): number => Number(substituteDim(dim, sizes)) + 0;
    fc.assert(
      fc.property(expression, expression, fc.integer({ min: 1, max: 8 }), (left, right, divisor) => {
        const [x, y] = [build(left), build(right)];
        expect(number(addDims(x, y))).toBe(number(x) + number(y) + 0);
        expect(number(subtractDims(x, y))).toBe(number(x) - number(y) + 0);
        expect(number(multiplyDims(x, y))).toBe(number(x) * number(y) + 0);
        expect(number(floorDivideDims(x, divisor))).toBe(Math.floor(number(x) / divisor) + 0);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('divides a product by one of its factors', () => {
    fc.assert(
      fc.property(expression, fc.integer({ min: 1, max: 9 }), (terms, factor) => {
        const x = build(terms);
        expect(sameDim(divideDimsExactly(multiplyDims(x, factor), factor), x)).toBe(true);
      }),
      { numRuns: 200, seed: 12 },
    );
  });
});
