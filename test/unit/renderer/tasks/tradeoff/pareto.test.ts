import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meetsBudget, paretoFront } from '../../../../../renderer/tasks/tradeoff/pareto.ts';

describe('paretoFront', () => {
  it('keeps what no other point beats, cheapest first', () => {
    const points = [
      { id: 'costly and bad', cost: 9, benefit: 1 },
      { id: 'best', cost: 8, benefit: 9 },
      { id: 'cheap', cost: 1, benefit: 2 },
      { id: 'middle', cost: 4, benefit: 5 },
      { id: 'beaten', cost: 5, benefit: 5 },
    ];
    expect(paretoFront(points).map((point) => point.id)).toEqual(['cheap', 'middle', 'best']);
  });

  it('keeps equal points together', () => {
    expect(
      paretoFront([
        { cost: 1, benefit: 1 },
        { cost: 1, benefit: 1 },
      ]),
    ).toHaveLength(2);
  });

  it('equals the definition for any points', () => {
    const point = fc.record({ cost: fc.integer({ min: 0, max: 9 }), benefit: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 30 }), (points) => {
        const beats = (a: (typeof points)[number], b: (typeof points)[number]): boolean =>
          a.cost <= b.cost && a.benefit >= b.benefit && (a.cost < b.cost || a.benefit > b.benefit);
        const expected = points.filter((p) => !points.some((other) => beats(other, p)));
        expect(new Set(paretoFront(points))).toEqual(new Set(expected));
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

describe('meetsBudget', () => {
  it('asks for every limit that is set', () => {
    const point = { cost: 5, benefit: 0.9 };
    expect(meetsBudget(point, { cost: null, benefit: null })).toBe(true);
    expect(meetsBudget(point, { cost: 5, benefit: 0.9 })).toBe(true);
    expect(meetsBudget(point, { cost: 4.9, benefit: null })).toBe(false);
    expect(meetsBudget(point, { cost: null, benefit: 0.95 })).toBe(false);
  });
});
