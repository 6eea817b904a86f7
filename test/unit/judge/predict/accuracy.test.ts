import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracyFromDivergence, predictAccuracy } from '../../../../main/judge/predict/accuracy.ts';

const BASE = { accuracy: 0.9, low: 0.88, high: 0.92, chance: 0.1 };

const measured = (strength: number, accuracy: number) => ({
  strength,
  accuracy,
  low: accuracy - 0.02,
  high: accuracy + 0.02,
});

describe('predictAccuracy', () => {
  it('gives the measured base where nothing is cut', () => {
    const { value, low, high } = predictAccuracy(0, BASE, []);
    expect(value).toBeCloseTo(0.9);
    expect([low, high]).toEqual([expect.closeTo(0.88), expect.closeTo(0.92)]);
  });

  it('expects half of what is above chance at the half strength', () => {
    expect(predictAccuracy(0.22, BASE, []).value).toBeCloseTo(0.5);
  });

  it('passes through a measured trial, with its interval', () => {
    const { value, low, high, anchors } = predictAccuracy(0.1, BASE, [measured(0.1, 0.7)]);
    expect(value).toBeCloseTo(0.7);
    expect([low, high]).toEqual([expect.closeTo(0.68), expect.closeTo(0.72)]);
    expect(anchors).toBe(1);
  });

  it('leaves room between two measurements that lie far apart', () => {
    const far = [measured(0.02, 0.9), measured(0.06, 0.2)];
    const { value, low, high } = predictAccuracy(0.04, BASE, far);
    expect(high - value).toBeGreaterThan(0.05);
    expect(value - low).toBeGreaterThan(0.05);
  });

  it('scales the rest of the curve by the last measurement', () => {
    const without = predictAccuracy(0.3, BASE, []).value;
    const withWorse = predictAccuracy(0.3, BASE, [measured(0.1, 0.5)]).value;
    expect(withWorse).toBeLessThan(without);
  });

  it('pools trials that contradict each other instead of rising', () => {
    const contradicting = [measured(0.1, 0.6), measured(0.2, 0.8)];
    expect(predictAccuracy(0.1, BASE, contradicting).value).toBeCloseTo(0.7);
    expect(predictAccuracy(0.2, BASE, contradicting).value).toBeCloseTo(0.7);
  });

  it('never rises with strength and keeps its value inside its band, whatever was measured', () => {
    const trials = fc.array(
      fc.record({
        strength: fc.double({ min: 0, max: 1, noNaN: true }),
        accuracy: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(trials, (points) => {
        const cuts = points.map((point) => measured(point.strength, point.accuracy));
        let before = Infinity;
        for (let i = 0; i <= 50; i += 1) {
          const { value, low, high } = predictAccuracy(i / 50, BASE, cuts);
          expect(value).toBeLessThanOrEqual(before + 1e-9);
          expect(low).toBeLessThanOrEqual(value + 1e-9);
          expect(high).toBeGreaterThanOrEqual(value - 1e-9);
          before = value;
        }
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});

describe('accuracyFromDivergence', () => {
  const base = { accuracy: 0.9, low: 0.88, high: 0.92, chance: 0.1 };

  it('reaches from nothing lost to the mass in which the distributions may differ: ln 4 nats, √(1 − 1/4)', () => {
    const distance = Math.sqrt(0.75);
    const { value, low, high } = accuracyFromDivergence(Math.log(4), base)!;
    expect(value).toBeCloseTo(0.1 + 0.8 * (1 - distance / 2), 12);
    expect(low).toBeCloseTo(0.1 + 0.78 * (1 - distance), 12);
    expect(high).toBe(0.92);
  });

  it('is the model itself where nothing diverges, and nothing where everything is open', () => {
    expect(accuracyFromDivergence(0, base)).toMatchObject({ value: 0.9, low: 0.88, high: 0.92 });
    // Rounding makes tiny divergences negative.
    expect(accuracyFromDivergence(-1e-9, base)!.value).toBe(0.9);
    expect(accuracyFromDivergence(5, base)).toBeNull();
    expect(accuracyFromDivergence(Infinity, base)).toBeNull();
  });
});
