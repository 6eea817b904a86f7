import { expect, it } from 'vitest';
import { fairBinomialCdf, normalCdf } from '../../../../main/judge/statistics/binomial.ts';
import { countPairs, mcnemarP, pairedDifference } from '../../../../main/judge/statistics/mcnemar.ts';

it('computes the exact p of one against nine: 2 · (1 + 10) / 1024', () => {
  expect(mcnemarP(1, 9)).toBeCloseTo(22 / 1024, 12);
  expect(mcnemarP(9, 1)).toBeCloseTo(22 / 1024, 12);
});

it('has a p of 1 where the models never disagree, or as often one way as the other', () => {
  expect(mcnemarP(0, 0)).toBe(1);
  expect(mcnemarP(4, 4)).toBe(1);
});

it('goes on without a step where the binomial is approximated', () => {
  expect(fairBinomialCdf(470, 1000)).toBeCloseTo(fairBinomialCdf(470.5, 1001), 3);
  expect(normalCdf(-1.959964)).toBeCloseTo(0.025, 6);
  expect(normalCdf(0)).toBeCloseTo(0.5, 6);
});

it('gives the interval of Newcombe 1998, table III, for 36, 12, 2, 0: 0.0569 to 0.3404', () => {
  const { value, low, high } = pairedDifference({ bothRight: 36, onlyFirst: 12, onlySecond: 2, bothWrong: 0 });
  expect(value).toBeCloseTo(0.2, 12);
  expect(low).toBeCloseTo(0.0569, 4);
  expect(high).toBeCloseTo(0.3404, 4);
});

it('is narrower than two separate intervals: 10 of 1,000 samples lost for certain, which overlapping ones do not show', () => {
  const { value, low, high, p } = pairedDifference({ bothRight: 900, onlyFirst: 0, onlySecond: 10, bothWrong: 90 });
  expect(value).toBeCloseTo(-0.01, 12);
  expect(low).toBeLessThan(-0.005);
  expect(high).toBeLessThan(0);
  expect(p).toBeCloseTo(2 / 1024, 12);
});

it('knows nothing without samples', () => {
  expect(pairedDifference({ bothRight: 0, onlyFirst: 0, onlySecond: 0, bothWrong: 0 })).toEqual({
    value: 0,
    low: -1,
    high: 1,
    p: 1,
  });
});

it('counts pairs bit by bit, and not the bits behind the last sample', () => {
  // Samples 0–9; first right: 0 1 2 8, second right: 1 2 3 9; garbage from bit 10 on.
  const first = Uint8Array.of(0b0000_0111, 0b1111_0101);
  const second = Uint8Array.of(0b0000_1110, 0b0000_0010);
  expect(countPairs(first, second, 10)).toEqual({ bothRight: 2, onlyFirst: 2, onlySecond: 2, bothWrong: 4 });
});
