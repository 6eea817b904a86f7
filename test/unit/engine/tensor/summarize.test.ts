import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { summarize, summarizePieces } from '../../../../main/engine/tensor/summarize.ts';

const take = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));

describe('summarize', () => {
  it('counts, measures and sorts into bins', () => {
    const summary = summarize(Float32Array.of(0, 1, 2, 3, 4, NaN, Infinity, -Infinity), { bins: 4 });
    expect(summary).toMatchObject({ elements: 8, min: 0, max: 4, mean: 2, zeros: 1, nan: 1, infinite: 2 });
    expect(summary.std).toBeCloseTo(Math.SQRT2, 12);
    expect(summary.histogram).toEqual({ min: 0, max: 4, counts: [1, 1, 1, 2] });
  });

  it('has no moments where there is no finite value', () => {
    expect(summarize(Float32Array.of(NaN))).toMatchObject({ elements: 1, min: null, mean: null, histogram: null });
    expect(summarize(new Int8Array())).toMatchObject({ elements: 0, max: null, std: null });
  });

  it('puts equal values into the first bin', () => {
    expect(summarize(Int32Array.of(5, 5), { bins: 3 })).toMatchObject({
      std: 0,
      histogram: { min: 5, max: 5, counts: [2, 0, 0] },
    });
  });

  it('counts every value of a range of subnormals', () => {
    const { histogram } = summarize(Float64Array.of(0, 2 ** -1074, 2 ** -1073), { bins: 2 });
    expect(histogram!.counts).toEqual([1, 2]);
  });

  it('takes 64-bit integers', () => {
    expect(summarize(BigInt64Array.of(-2n, 4n))).toMatchObject({ min: -2, max: 4, mean: 1, std: 3 });
  });

  it('gives the same for pieces as for the whole', () => {
    const whole = Float32Array.from({ length: 1000 }, seededRandom(7));
    const pieces = summarizePieces(() => [whole.subarray(0, 333), whole.subarray(333)]);
    // Sums of another order: the last bits of mean and deviation may differ.
    const { mean, std, ...exact } = summarize(whole);
    expect(pieces).toMatchObject(exact);
    expect(pieces.mean).toBeCloseTo(mean!, 12);
    expect(pieces.std).toBeCloseTo(std!, 12);
  });
});

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, others for another', () => {
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
  });

  it('is uniform in [0, 1)', () => {
    const { min, max, mean, std, histogram } = summarize(Float64Array.from({ length: 100_000 }, seededRandom(3)), {
      bins: 10,
    });
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThan(1);
    // Six standard errors: 6 · 0.2887 / √100000.
    expect(Math.abs(mean! - 0.5)).toBeLessThan(0.0055);
    expect(Math.abs(std! - Math.sqrt(1 / 12))).toBeLessThan(0.004);
    for (const count of histogram!.counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * Math.sqrt(9000));
  });
});
