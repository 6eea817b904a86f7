import { describe, expect, it } from 'vitest';
import { BatchOrder } from '../../../../main/engine/distill/batch-order.ts';
import { holdOut } from '../../../../main/engine/distill/hold-out.ts';
import { chooseRate, isOver, RATE_BATCHES, RATE_STEPS, testRate } from '../../../../main/engine/distill/rate-test.ts';
import { rateFactor } from '../../../../main/engine/distill/schedule.ts';

describe('the order of batches', () => {
  const places = Array.from({ length: 10 }, (_, place) => place + 5);
  const order = (seed: number): BatchOrder => new BatchOrder(places, { batch: 4, views: 3, seed });

  it('takes every sample once in an epoch', () => {
    const taken = [0, 1, 2, 3, 4].flatMap((step) => order(1).at(step)).map(({ sample }) => sample);
    expect(taken.slice(0, 10).toSorted((a, b) => a - b)).toEqual(places);
    expect(taken.slice(10).toSorted((a, b) => a - b)).toEqual(places);
    expect(taken.slice(0, 10)).not.toEqual(taken.slice(10));
  });

  it('is the same whatever was asked before, so that a run can go on', () => {
    const whole = order(1);
    const steps = [0, 1, 2, 3, 4, 5, 6].map((step) => whole.at(step));
    expect(order(1).at(6)).toEqual(steps[6]);
    expect(order(1).at(2)).toEqual(steps[2]);
    expect(order(2).at(2)).not.toEqual(steps[2]);
  });

  it('makes batches no larger than there are samples', () => {
    expect(new BatchOrder([7], { batch: 64, views: 1, seed: 0 }).at(3)).toEqual([{ sample: 7, view: 0 }]);
  });
});

describe('what is held out', () => {
  it('is a share, and never trained on', () => {
    const { trained, heldOut } = holdOut(500, { share: 0.1, seed: 3 });
    expect([trained.length, heldOut.length]).toEqual([450, 50]);
    expect(new Set([...trained, ...heldOut]).size).toBe(500);
    expect(holdOut(500, { share: 0.1, seed: 3 })).toEqual({ trained, heldOut });
    expect(holdOut(500, { share: 0.1, seed: 4 }).heldOut).not.toEqual(heldOut);
  });

  it('is one sample at least, and refused where nothing would be left', () => {
    expect(holdOut(3, { share: 0.1, seed: 0 }).heldOut).toHaveLength(1);
    expect(() => holdOut(1, { share: 0.1, seed: 0 })).toThrow(/one sample: with 1 held out, none is left/);
    expect(() => holdOut(2, { share: 0.99, seed: 0 })).toThrow(/none is left/);
  });
});

describe('the learning rate', () => {
  it('rises, then falls along a cosine', () => {
    const factors = Array.from({ length: 100 }, (_, step) => rateFactor(step, 100));
    expect(factors[0]).toBeCloseTo(1 / 3);
    expect(Math.max(...factors)).toBe(1);
    expect(factors[99]).toBeLessThan(0.02);
    expect(factors.slice(4).every((factor, at) => factor <= factors[at + 3]!)).toBe(true);
    expect(rateFactor(0, 1)).toBe(1);
  });

  it('is tried over four orders of magnitude, and chosen below the best', () => {
    expect(testRate(0)).toBeCloseTo(1e-6);
    expect(testRate(RATE_STEPS - 1)).toBeCloseTo(0.01, 6);
    // the loss falls until a rate of 0.001 and rises beyond
    const points = Array.from({ length: RATE_STEPS }, (_, step) => {
      const away = Math.log10(testRate(step) / 0.001);
      return { rate: testRate(step), loss: away < 0 ? 0.2 - 0.2 * away : 0.2 + 4 * away };
    });
    const chosen = chooseRate(points, { share: 0.4, harm: 1.25 })!;
    expect(chosen).toBeGreaterThan(1e-4);
    expect(chosen).toBeLessThan(6e-4);
    expect(isOver(points.slice(0, 30))).toBe(false);
    expect(isOver(points)).toBe(true);
    expect(isOver([{ rate: 1, loss: NaN }])).toBe(true);
    expect(chooseRate([{ rate: 1, loss: NaN }], { share: 0.4, harm: 1.25 })).toBeUndefined();
  });

  it('is lower where less counts as harm', () => {
    const points = Array.from({ length: RATE_STEPS }, (_, step) => ({
      rate: testRate(step),
      loss: 1 + 100 * testRate(step),
    }));
    const [wary, bold] = [1.05, 1.25].map((harm) => chooseRate(points, { share: 1, harm })!);
    // the smoothed loss is some steps behind, and a step is a factor of 1.27
    expect(wary!).toBeGreaterThan(0.0005);
    expect(wary!).toBeLessThan(0.0005 * 1.7);
    expect(bold!).toBeGreaterThan(0.0025);
    expect(bold!).toBeLessThan(0.0025 * 1.7);
  });

  it('does not take a hard batch for harm', () => {
    const change = (rate: number): number => (rate < 0.001 ? 1 : 3);
    const points = Array.from({ length: RATE_STEPS }, (_, step) => {
      const hardness = [0.1, 0.1, 0.5, 0.02][step % RATE_BATCHES]!;
      return { rate: testRate(step), loss: hardness * change(testRate(step)) };
    });
    expect(chooseRate(points, { share: 1, harm: 1.25 })!).toBeGreaterThan(7e-4);
    expect(chooseRate(points, { share: 1, harm: 1.25 })!).toBeLessThan(0.001);
    expect(isOver(points)).toBe(false);
    expect(isOver([...points, { rate: 0.01, loss: 0.1 * 5 }])).toBe(true);
  });
});
