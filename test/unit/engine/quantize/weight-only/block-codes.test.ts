import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBlocks, type BlockFormat } from '../../../../../main/engine/quantize/weight-only/block-codes.ts';
import { halfQuadratic } from '../../../../../main/engine/quantize/weight-only/half-quadratic.ts';
import { packedCodes, packedZeroPoints } from '../../../../../main/engine/quantize/weight-only/pack-codes.ts';
import { roundToNearest } from '../../../../../main/engine/quantize/weight-only/round-to-nearest.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { referenceWeights } from './reference-decoder.ts';

const format = (bits: 2 | 4 | 8, block: number, symmetric = false): BlockFormat => ({
  bits,
  block,
  symmetric,
  roundScale: Math.fround,
});

describe('roundToNearest', () => {
  it('meets the weight of largest magnitude exactly, and takes the nearest of the others', () => {
    // scale = −8 / −8 = 1 for the first block, −4 / 8 = −0.5 for the second
    const codes = runNow(
      roundToNearest(Float32Array.of(-8, 3.4, 7.6, 0, 4, -1, 0.3, 0), { rows: 1, columns: 8 }, format(4, 4, true)),
    );
    expect([...codes.scales]).toEqual([1, -0.5]);
    // 7.6 is cut to 7, the highest code
    expect([...codes.codes]).toEqual([0, 11, 15, 8, 0, 10, 7, 8]);
    expect([...decodeBlocks(codes)].map((weight) => weight + 0)).toEqual([-8, 3, 7, 0, 4, -1, 0.5, 0]);
  });

  it('lets codes reach from the least to the greatest weight with a zero point', () => {
    // (4 − (−1)) / 15 = 1/3; zero point 3
    const codes = runNow(roundToNearest(Float32Array.of(-1, 4, 0, 1.4), { rows: 1, columns: 4 }, format(4, 16)));
    expect(codes.scales[0]).toBeCloseTo(1 / 3, 7);
    expect([...codes.zeroPoints]).toEqual([3]);
    expect([...codes.codes.subarray(0, 4)]).toEqual([0, 15, 3, 7]);
    // what fills the block up stands for zero
    expect(new Set(codes.codes.subarray(4))).toEqual(new Set([8]));
  });

  it('takes a scale of 1 for weights that are all zero', () => {
    const codes = runNow(roundToNearest(new Float32Array(4), { rows: 2, columns: 2 }, format(8, 16)));
    expect([...codes.scales]).toEqual([1, 1]);
    expect([...decodeBlocks(codes)]).toEqual([0, 0, 0, 0]);
  });
});

describe('packing', () => {
  it('is read by a decoder of its own, bit by bit, for all widths and shapes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2 as const, 4 as const, 8 as const),
        fc.constantFrom(16, 32, 64),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 150 }),
        fc.boolean(),
        fc.nat(),
        (bits, block, rows, columns, symmetric, seed) => {
          const random = seededRandom(seed);
          const weights = Float32Array.from({ length: rows * columns }, () => random() - 0.3);
          const codes = runNow(roundToNearest(weights, { rows, columns }, format(bits, block, symmetric)));
          const packed = packedCodes(codes);
          expect(packed).toHaveLength((rows * codes.blocks * block * bits) / 8);
          const read = referenceWeights({
            bits,
            block,
            rows,
            columns,
            codes: packed,
            scales: codes.scales,
            zeroPoints: symmetric ? undefined : packedZeroPoints(codes),
            padded: true,
          });
          expect([...decodeBlocks(codes)].map((each) => each + 0)).toEqual(read.map((each) => each + 0));
        },
      ),
    );
  });

  it('puts the first of two 4-bit codes into the lower half of a byte', () => {
    expect([...packedCodes({ codes: Uint8Array.of(1, 2, 3, 4), format: format(4, 16) })]).toEqual([0x21, 0x43]);
    expect([...packedCodes({ codes: Uint8Array.of(0, 1, 2, 3), format: format(2, 16) })]).toEqual([0b11100100]);
  });
});

describe('halfQuadratic', () => {
  it.each([
    { bits: 4 as const, symmetric: true, share: 0.98 },
    { bits: 4 as const, symmetric: false, share: 0.96 },
    { bits: 2 as const, symmetric: false, share: 0.87 },
  ])('lessens Σ|error|^¾ of bell-shaped weights: $bits bits, symmetric $symmetric', ({ bits, symmetric, share }) => {
    const random = seededRandom(1);
    const shape = { rows: 64, columns: 256 };
    const weights = Float32Array.from({ length: 64 * 256 }, () => random() + random() + random() - 1.5);
    const loss = (made: Float32Array): number =>
      weights.reduce((sum, weight, at) => sum + Math.abs(weight - made[at]!) ** 0.75, 0);
    const nearest = loss(decodeBlocks(runNow(roundToNearest(weights, shape, format(bits, 32, symmetric)))));
    expect(loss(decodeBlocks(runNow(halfQuadratic(weights, shape, format(bits, 32, symmetric)))))).toBeLessThan(
      share * nearest,
    );
  });

  it('is never worse than nearest codes by the sum that it lessens, and the same in other units', () => {
    const random = seededRandom(5);
    const weights = Float32Array.from({ length: 8 * 96 }, () => (random() - 0.5) * (random() < 0.05 ? 6 : 1));
    const shape = { rows: 8, columns: 96 };
    for (const symmetric of [true, false]) {
      const nearest = decodeBlocks(runNow(roundToNearest(weights, shape, format(4, 32, symmetric))));
      const made = runNow(halfQuadratic(weights, shape, format(4, 32, symmetric)));
      const moved = decodeBlocks(made);
      for (let start = 0; start < weights.length; start += 32) {
        const loss = (values: Float32Array): number =>
          values
            .subarray(start, start + 32)
            .reduce((sum, value, at) => sum + Math.abs(value - weights[start + at]!) ** 0.75, 0);
        expect(loss(moved)).toBeLessThanOrEqual(loss(nearest) * (1 + 1e-6));
      }
      const scaled = runNow(
        halfQuadratic(
          weights.map((weight) => weight * 1024),
          shape,
          format(4, 32, symmetric),
        ),
      );
      expect(scaled.codes).toEqual(made.codes);
    }
  });
});
