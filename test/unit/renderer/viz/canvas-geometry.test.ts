import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { magnitudeMap, metricScale, textOn } from '../../../../renderer/viz/color-maps.ts';
import { fitCamera, revealCamera, toScene, zoomAt } from '../../../../renderer/viz/graph/camera.ts';
import { SpatialIndex } from '../../../../renderer/viz/graph/spatial-index.ts';

const VIEW = { width: 800, height: 600 };

describe('the camera', () => {
  it('keeps the point under the pointer when it zooms', () => {
    const before = { scale: 0.7, left: 30, top: -80 };
    const at = { x: 400, y: 210 };
    const after = zoomAt(before, 1.9, at);
    const [a, b] = [toScene(before, at.x, at.y), toScene(after, at.x, at.y)];
    expect(b.x).toBeCloseTo(a.x, 9);
    expect(b.y).toBeCloseTo(a.y, 9);
  });

  it('fits a rectangle in the middle of the view', () => {
    const camera = fitCamera({ x: 100, y: 0, width: 2000, height: 400 }, VIEW, { margin: 0 });
    expect(camera.scale).toBeCloseTo(0.4, 9);
    expect(toScene(camera, 400, 300)).toEqual({ x: expect.closeTo(1100, 6), y: expect.closeTo(200, 6) });
  });

  it('does not move for what is well in sight', () => {
    const camera = { scale: 1, left: 0, top: 0 };
    expect(revealCamera(camera, { x: 300, y: 300, width: 100, height: 30 }, VIEW)).toBe(camera);
    expect(revealCamera(camera, { x: 3000, y: 300, width: 100, height: 30 }, VIEW).left).toBe(400 - 3050);
  });
});

describe('the spatial index', () => {
  it('finds the same as looking at everything', () => {
    const rect = record({
      x: integer({ min: -2000, max: 2000 }),
      y: integer({ min: -2000, max: 2000 }),
      width: integer({ min: 0, max: 900 }),
      height: integer({ min: 0, max: 900 }),
    });
    assert(
      property(array(rect, { maxLength: 40 }), rect, (rects, area) => {
        const touching = rects.filter(
          (r) =>
            r.x <= area.x + area.width &&
            area.x <= r.x + r.width &&
            r.y <= area.y + area.height &&
            area.y <= r.y + r.height,
        );
        expect(new SpatialIndex(rects, (r) => r).search(area)).toEqual(touching);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe('scales and colours', () => {
  it('places values between the limits, clamped', () => {
    const linear = metricScale('linear', 0, 10);
    expect([-1, 0, 5, 10, 99].map((value) => linear.position(value))).toEqual([0, 0, 0.5, 1, 1]);
    const log = metricScale('log', 1, 100);
    expect(log.position(10)).toBeCloseTo(0.5, 9);
    expect(log.position(0)).toBe(0);
    expect(log.valueAt(0.5)).toBeCloseTo(10, 9);
  });

  it('writes black on bright and white on dark', () => {
    expect(textOn(magnitudeMap(1))).toBe('#000');
    expect(textOn(magnitudeMap(0))).toBe('#fff');
  });
});
