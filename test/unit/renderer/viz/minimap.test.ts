import { expect, it } from 'vitest';
import { isAllSeen, minimapScale } from '../../../../renderer/viz/graph/minimap.ts';

it('keeps the shape of a graph where that is not a line', () => {
  const { x, y, width, height } = minimapScale({ width: 1420, height: 960 });
  expect(x).toBeCloseTo(0.1, 6);
  expect(y).toBeCloseTo(0.1, 6);
  expect([width, height]).toEqual([150, 104]);
});

it('draws a long chain wider than it is', () => {
  const { x, y, width, height } = minimapScale({ width: 700, height: 192_000 });
  expect(y).toBeCloseTo(0.001, 6);
  expect(x).toBeCloseTo(34 / 700, 6);
  expect([width, height]).toEqual([42, 200]);
});

it('is needless while all of the graph is seen, margins included', () => {
  const scene = { width: 300, height: 500 };
  expect(isAllSeen({ x: -20, y: 0, width: 340, height: 500 }, scene)).toBe(true);
  expect(isAllSeen({ x: 1, y: 0, width: 340, height: 500 }, scene)).toBe(false);
  expect(isAllSeen({ x: -20, y: -10, width: 340, height: 509 }, scene)).toBe(false);
});
