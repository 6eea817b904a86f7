import { describe, expect, it } from 'vitest';
import { bandPath, evenScale, linePath, logScale, nearest } from '../../../../../renderer/tasks/distill/curves.ts';

const x = evenScale([0, 100], [0, 200], 4);
const y = evenScale([0, 1], [50, 0], 4);

describe('the scales of curves', () => {
  it('are even, with round ticks', () => {
    expect(x.at(25)).toBe(50);
    expect(evenScale([0, 60], [0, 1], 4).ticks).toEqual([0, 20, 40, 60]);
  });

  it('are logarithmic where values go over decades: each decade as long as the next', () => {
    const scale = logScale([0.001, 0.1], [100, 0]);
    expect(scale.at(0.001) - scale.at(0.01)).toBeCloseTo(scale.at(0.01) - scale.at(0.1), 9);
    expect(scale.ticks.map((tick) => Number(tick.toPrecision(6)))).toEqual([0.001, 0.003, 0.01, 0.03, 0.1]);
  });

  it('have even ticks within a decade, and some for one value and for none', () => {
    expect(logScale([0.41, 0.49], [100, 0]).ticks.length).toBeGreaterThan(2);
    expect(logScale([2, 2], [100, 0]).at(2)).toBeCloseTo(50, 6);
    expect(logScale([], [100, 0]).ticks.length).toBeGreaterThan(0);
    expect(logScale([0, Number.NaN], [100, 0]).at(0.3)).toBeGreaterThan(0);
  });

  it('never write more ticks than there is room for', () => {
    for (const low of [1e-9, 1e-6, 1e-3, 0.1, 0.5])
      expect(logScale([low, 1], [100, 0]).ticks.length).toBeLessThanOrEqual(7);
  });
});

describe('the paths of curves', () => {
  it('go through the places, past what is no number', () => {
    expect(
      linePath(
        [
          [0, 0],
          [50, Number.NaN],
          [100, 1],
        ],
        x,
        y,
      ),
    ).toBe('M0.0,50.0L200.0,0.0');
    expect(linePath([], x, y)).toBe('');
  });

  it('go there along the upper ends of a band and back along the lower ones', () => {
    const band = [
      { step: 0, low: 0.2, high: 0.4 },
      { step: 100, low: 0.6, high: 0.8 },
    ];
    expect(bandPath(band, x, y)).toBe('M0.0,30.0L200.0,10.0L200.0,20.0L0.0,40.0Z');
  });
});

it('the place nearest to the pointer is found', () => {
  const places = [
    [0, 1],
    [10, 2],
    [30, 3],
  ] as const;
  expect([-5, 4, 6, 19, 21, 99].map((step) => nearest(places, step)?.[0])).toEqual([0, 0, 10, 10, 30, 30]);
  expect(nearest([], 1)).toBeUndefined();
});
