import { expect, it } from 'vitest';
import { pairedRatio, ratioThrough } from '../../../../main/judge/statistics/paired-ratio.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

/** Standard normal numbers, Box and Muller. */
function normal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * Times of two models run in turns, the first 1.1 times as slow: noise that remembers the run before (`memory` 0…1), a
 * drift of the clock that both share, and 3 % of runs that something else held up threefold.
 */
function simulated(rounds: number, memory: number, random: () => number): readonly [number[], number[]] {
  const gauss = normal(random);
  let [drift, a, b] = [0, gauss(), gauss()];
  const fresh = Math.sqrt(1 - memory * memory);
  const first: number[] = [];
  const second: number[] = [];
  for (let round = 0; round < rounds; round++) {
    drift = 0.95 * drift + 0.02 * gauss();
    a = memory * a + fresh * gauss();
    b = memory * b + fresh * gauss();
    first.push(1.1 * Math.exp(drift + 0.05 * a) * (random() < 0.03 ? 3 : 1));
    second.push(Math.exp(drift + 0.05 * b) * (random() < 0.03 ? 3 : 1));
  }
  return [first, second];
}

it.each([
  [10, 0],
  [20, 0.3],
  [100, 0],
  [100, 0.5],
  [300, 0.8],
  [1000, 0.9],
])('holds the true ratio in about 95 of 100 series of %d rounds whose noise has a memory of %f', (rounds, memory) => {
  const random = seededRandom(11);
  const series = 500;
  let held = 0;
  for (let index = 0; index < series; index++) {
    const [first, second] = simulated(rounds, memory, random);
    const { low, high } = pairedRatio(first, second);
    if (low! <= 1.1 && 1.1 <= high!) held++;
  }
  // 500 series: the share itself is known to ±2 points.
  expect(held / series).toBeGreaterThan(0.925);
  expect(held / series).toBeLessThan(0.98);
});

it('is exact, with an interval of no width, where both times never change', () => {
  const estimate = pairedRatio(new Float64Array(30).fill(3), new Float64Array(30).fill(2));
  expect(estimate.value).toBeCloseTo(1.5, 12);
  expect(estimate.low).toBeCloseTo(1.5, 12);
  expect(estimate.high).toBeCloseTo(1.5, 12);
});

it('does not see a drift that both share: twice the time halfway is no noise', () => {
  const drift = Float64Array.from({ length: 60 }, (_, round) => 1 + round / 60);
  const { low, high } = pairedRatio(
    drift.map((time) => time * 1.1),
    drift,
  );
  expect(low).toBeCloseTo(1.1, 9);
  expect(high).toBeCloseTo(1.1, 9);
});

it('computes the interval of six rounds by hand', () => {
  // Two batches of three rounds: ratios of medians e^0.1 and e^0.3; mean 0.2, s = 0.1414, t(1) = 12.706, half = 1.2706.
  const logs = [0.1, 0.1, 0.1, 0.3, 0.3, 0.3];
  const { value, low, high } = pairedRatio(logs.map(Math.exp), new Float64Array(6).fill(1));
  expect(Math.log(value)).toBeCloseTo(0.2, 9);
  expect(Math.log(low!)).toBeCloseTo(0.2 - 1.2706, 9);
  expect(Math.log(high!)).toBeCloseTo(0.2 + 1.2706, 9);
});

it('has a value but no interval for five rounds', () => {
  expect(pairedRatio([2, 2, 2, 2, 2], [1, 1, 1, 1, 1])).toEqual({ value: 2, low: null, high: null });
});

it('adds the variances of both on the way through a shared reference', () => {
  const a = { value: 0.5, low: 0.5 / 1.1, high: 0.5 * 1.1 };
  const b = { value: 1, low: 1 / 1.1, high: 1.1 };
  const { value, low, high } = ratioThrough(a, b);
  expect(value).toBe(0.5);
  // ln 1.1 · √2 = 0.1348
  expect(high! / value).toBeCloseTo(Math.exp(Math.log(1.1) * Math.SQRT2), 9);
  expect(value / low!).toBeCloseTo(Math.exp(Math.log(1.1) * Math.SQRT2), 9);
  expect(ratioThrough(a, { value: 1, low: null, high: null }).low).toBeNull();
});
