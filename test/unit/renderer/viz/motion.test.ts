import { describe, expect, it } from 'vitest';
import { anchorShift } from '../../../../renderer/viz/graph/camera.ts';
import { FoundScene } from '../../../../renderer/viz/graph/found-scene.ts';
import { Motion } from '../../../../renderer/viz/graph/motion.ts';
import type { Scene, SceneBox } from '../../../../renderer/viz/graph/scene.ts';

const box = (kind: 'layer' | 'group', id: string, y: number): SceneBox => ({
  box: { kind, id, title: id, category: null, rows: [], layers: 1, width: 100, height: 24 },
  x: 0,
  y,
  width: 100,
  height: 24,
});

const scene = (boxes: readonly SceneBox[], frames: Scene['frames'] = []): FoundScene =>
  new FoundScene({ width: 400, height: 400, frames, boxes, edges: [] });

const SEEN = { x: 0, y: 0, width: 400, height: 400 };
const FOLDED = scene([box('group', 'g', 0), box('layer', 'after', 50)]);
const OPEN = scene(
  [box('layer', 'g/one', 40), box('layer', 'after', 250)],
  [{ id: 'g', title: 'g', layers: 1, depth: 1, x: -20, y: 0, width: 200, height: 200 }],
);
const way = { shift: { x: 0, y: 0 }, anchor: 'g', now: 1000 };

describe('the way from one drawing to the next', () => {
  it('takes 200 ms, most of it at first', () => {
    const motion = new Motion({ scene: FOLDED, seen: SEEN }, { scene: OPEN, seen: SEEN }, way);
    expect(motion.at(1000)).toBe(0);
    expect(motion.at(1100)).toBeCloseTo(1 - 0.5 ** 3, 9);
    expect(motion.at(1200)).toBe(1);
    expect(motion.at(5000)).toBe(1);
  });

  it('brings what was in a folded group out of its box, and what both have from its own place', () => {
    const motion = new Motion({ scene: FOLDED, seen: SEEN }, { scene: OPEN, seen: SEEN }, way);
    expect([...motion.farFrom]).toEqual([0, 0, 100, 24, 0, 50, 100, 24]);
  });

  it('counts in the coordinates of the new drawing', () => {
    const moved = { ...way, shift: { x: 7, y: -3 } };
    const motion = new Motion({ scene: FOLDED, seen: SEEN }, { scene: OPEN, seen: SEEN }, moved);
    expect([...motion.farFrom].slice(4)).toEqual([7, 47, 100, 24]);
  });
});

describe('what is opened or folded', () => {
  const small = { x: 100, y: 10, width: 100, height: 24 };
  const large = { x: 0, y: 40, width: 600, height: 300 };

  it('keeps its top and its middle where they are', () => {
    expect(anchorShift(small, large, null)).toEqual({ x: 150, y: 30 });
    expect(anchorShift(small, large, { x: 190, y: 20 })).toEqual({ x: 150, y: 30 });
  });

  it('comes to be under the pointer that folded it by a corner of its title', () => {
    const pointer = { x: 20, y: 50 };
    const shift = anchorShift(large, small, pointer);
    const now = { x: pointer.x + shift.x, y: pointer.y + shift.y };
    expect(now.x).toBeGreaterThan(small.x);
    expect(now.x).toBeLessThan(small.x + small.width);
    expect(now.y).toBeGreaterThan(small.y);
    expect(now.y).toBeLessThan(small.y + small.height);
  });

  it('is left alone by a pointer that is elsewhere', () => {
    expect(anchorShift(large, small, { x: 900, y: 50 })).toEqual(anchorShift(large, small, null));
  });
});

it('finds what stands in the middle of the view', () => {
  expect(FOLDED.middleOf({ x: 0, y: 0, width: 100, height: 120 })).toBe('after');
  expect(FOLDED.middleOf({ x: 300, y: 300, width: 50, height: 50 })).toBeNull();
});
