import { describe, expect, it } from 'vitest';
import {
  barHeights,
  codesFor,
  extentOf,
  outlierChannels,
  rangeEffect,
  rangeOfCodes,
} from '../../../../../renderer/tasks/quantize/tensor/range-model.ts';

const U8 = { lowest: 0, highest: 255 };

describe('codesFor', () => {
  it('gives zero a code of its own, and its ends are the thresholds within half a step', () => {
    expect(codesFor({ min: 0, max: 255 }, U8)).toEqual({ scale: 1, zeroPoint: 0, ...U8 });
    const codes = codesFor({ min: -1, max: 3 }, U8);
    expect(codes.zeroPoint).toBe(64);
    expect(rangeOfCodes(codes).max).toBeCloseTo(3, 1);
    expect(codesFor({ min: 2, max: 4 }, U8).zeroPoint).toBe(0);
  });
});

describe('extentOf', () => {
  it('holds the values, zero, and all that the codes span, with room at both sides', () => {
    expect(
      extentOf([
        { min: 1, max: 5 },
        { min: -5, max: 20 },
      ]),
    ).toEqual({ min: -6, max: 21 });
    expect(
      extentOf([
        { min: 2, max: 100 },
        { min: 0, max: 50 },
      ]),
    ).toEqual({ min: -4, max: 104 });
  });
});

describe('rangeEffect', () => {
  // Values 1, 2, 3, 4 in bins of width 1/16, one of each, and ten zeros.
  const counts = Array.from({ length: 65 }, () => 0);
  counts[0] = 10;
  for (const value of [1, 2, 3, 4]) counts[value * 16] = 1;
  const histogram = { width: 1 / 16, first: 0, counts };

  it('counts what lies beyond, and the codes that nothing takes', () => {
    const codes = { scale: 1, zeroPoint: 0, lowest: 0, highest: 3 };
    const effect = rangeEffect(histogram, codes);
    expect(effect.clipped).toBeCloseTo(1 / 14, 12);
    expect(Array.from(effect.counts)).toEqual([10, 1, 1, 2]);
    expect([effect.levels, effect.unused]).toEqual([4, 0]);
    expect(rangeEffect(histogram, { ...codes, highest: 7 }).unused).toBeCloseTo(3 / 8, 12);
  });

  it('loses 6 dB when each step becomes twice as wide', () => {
    const flat = { width: 1 / 4096, first: 0, counts: Array.from({ length: 4097 }, () => 1) };
    const at = (levels: number): number =>
      rangeEffect(flat, codesFor({ min: 0, max: 1 }, { lowest: 0, highest: levels - 1 })).sqnrDb;
    expect(at(128) - at(64)).toBeCloseTo(6.02, 0);
    // Uniform in 0…1 with steps of 1/255: Σx² = 1/3, Σd² = 1/(12 · 255²): 54.2 dB.
    expect(at(256)).toBeCloseTo(10 * Math.log10(4 * 255 ** 2), 0);
  });
});

it('outlier channels are those three times as wide as the middle one, widest first', () => {
  const range = (max: number) => ({ min: -max, max: max / 2 });
  expect(outlierChannels([1, 1.2, 9, 0.9, 1, 4].map(range))).toEqual([2, 5]);
  expect(outlierChannels([])).toEqual([]);
});

it('bars add up the bins under them', () => {
  const heights = barHeights((bin) => bin, [4, 0, 1, 1], { extent: { min: 0, max: 4 }, bars: 2 });
  expect(Array.from(heights)).toEqual([1, Math.sqrt(0.5)]);
});
