import fc from 'fast-check';
import { expect, it } from 'vitest';
import { metricOf } from '../../../main/judge/metrics.ts';
import { exactVerdicts, paretoFront, type FrontPoint, type FrontVerdicts } from '../../../main/judge/pareto.ts';
import { verdictOfNumbers } from '../../../main/judge/verdict.ts';

interface Point extends FrontPoint {
  readonly costNoise: number;
  readonly benefitNoise: number;
}

const point = (id: string, cost: number, benefit: number, noise: Partial<Point> = {}): Point => ({
  id,
  cost,
  benefit,
  costNoise: 0,
  benefitNoise: 0,
  ...noise,
});

const spread = (value: number, noise: number) => ({ value, low: value - noise, high: value + noise });

const verdicts: FrontVerdicts<Point> = {
  cost: (a, b) => verdictOfNumbers(metricOf('latency'), spread(a.cost, a.costNoise), spread(b.cost, b.costNoise)),
  benefit: (a, b) =>
    verdictOfNumbers(metricOf('top1'), spread(a.benefit, a.benefitNoise), spread(b.benefit, b.benefitNoise)),
};

const ids = (points: readonly FrontPoint[]): string[] => points.map(({ id }) => id);

it('leaves off the front what is faster by no more than the noise and surely less accurate', () => {
  const baseline = point('baseline', 0.511, 0.98, { costNoise: 5, benefitNoise: 0.01 });
  const ruined = point('Prune 60 % + int8', 0.475, 0.17, { costNoise: 5, benefitNoise: 0.02 });
  expect(ids(paretoFront([baseline, ruined], verdicts))).toEqual(['baseline']);
});

it('keeps both of two that are within noise on both axes', () => {
  const noise = { costNoise: 0.1, benefitNoise: 0.02 };
  const a = point('a', 1, 0.9, noise);
  const b = point('b', 1.05, 0.89, noise);
  expect(ids(paretoFront([b, a], verdicts))).toEqual(['a', 'b']);
});

it('keeps what is surely faster though less accurate, and drops what is beaten in both', () => {
  const points = [point('exact', 10, 0.95), point('fast', 5, 0.9), point('beaten', 11, 0.85)];
  expect(ids(paretoFront(points, verdicts))).toEqual(['fast', 'exact']);
});

it('judges counted numbers as they are: equal ones stay together', () => {
  const points = [point('a', 1, 2), point('b', 1, 2), point('c', 2, 2), point('d', 0.5, 1)];
  expect(ids(paretoFront(points, exactVerdicts))).toEqual(['d', 'a', 'b']);
});

it('equals the definition for any counted points', () => {
  const some = fc.record({ cost: fc.integer({ min: 0, max: 9 }), benefit: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 30 }), (values) => {
      const points = values.map(({ cost, benefit }, index) => point(String(index), cost, benefit));
      const beats = (a: Point, b: Point): boolean =>
        a.cost <= b.cost && a.benefit >= b.benefit && (a.cost < b.cost || a.benefit > b.benefit);
      const expected = points.filter((p) => !points.some((other) => beats(other, p)));
      expect(new Set(paretoFront(points, exactVerdicts))).toEqual(new Set(expected));
    }),
    { seed: 3, numRuns: 300 },
  );
});
