import { expect, it } from 'vitest';
import { toScene } from '../../../../renderer/viz/graph/camera.ts';
import { linkedCamera } from '../../../../renderer/viz/graph/linked-camera.ts';

const VIEWS = [
  { width: 400, height: 300 },
  { width: 200, height: 300 },
] as const;

/** What is in the middle of the other drawing when this scene point is in the middle of the first. */
function middleThere(x: number, y: number, anchors: Parameters<typeof linkedCamera>[2]) {
  const scale = 0.5;
  const camera = { scale, left: 200 - x * scale, top: 150 - y * scale };
  const linked = linkedCamera(camera, VIEWS, anchors);
  expect(linked.scale).toBe(scale);
  return toScene(linked, 100, 150);
}

it('shows the partner of what is in the middle', () => {
  const anchors = [
    { x: 0, y: 0, thereX: 10, thereY: 0 },
    { x: 0, y: 1000, thereX: 10, thereY: 1500 },
  ];
  const { x, y } = middleThere(0, 1000, anchors);
  expect(x).toBeCloseTo(10, 1);
  expect(y).toBeCloseTo(1500, 1);
});

it('glides from one to the next, and is half way in between', () => {
  const anchors = [
    { x: 0, y: 0, thereX: 0, thereY: 100 },
    { x: 0, y: 400, thereX: 0, thereY: 700 },
  ];
  expect(middleThere(0, 200, anchors).y).toBeCloseTo(400, 6);
  const near = [190, 195, 200, 205, 210].map((y) => middleThere(0, y, anchors).y);
  expect(near.every((y, at) => at === 0 || (y > near[at - 1]! && y - near[at - 1]! < 20))).toBe(true);
});

it('shows the same place where nothing belongs together', () => {
  expect(middleThere(30, 40, [])).toEqual({ x: 30, y: 40 });
});

it('keeps an anchor in view beside what only the first drawing has', () => {
  const anchors = [{ x: 0, y: 100, thereX: 0, thereY: 100 }];
  // 300 pixels at half the scale are 600 units: the anchor is 0.4 of that from the middle.
  expect(middleThere(0, 5000, anchors).y).toBeCloseTo(100 + 240, 6);
  expect(middleThere(0, 200, anchors).y).toBeCloseTo(200, 6);
});
