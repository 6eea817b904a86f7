import type { Camera, Viewport } from './camera.ts';
import { toScene } from './camera.ts';

/** A place in one drawing, and the place in another that belongs to it; scene coordinates. */
export interface Anchor {
  readonly x: number;
  readonly y: number;
  readonly thereX: number;
  readonly thereY: number;
}

/** Anchors nearer than this to the middle of the view count alike, scene units. */
const NEAR = 40;

/** So far from the middle, in sizes of the view, the last anchor may get. */
const KEPT_IN_VIEW = 0.4;

/**
 * The camera that shows in another drawing what is seen in this one, at the same scale: the middle is moved as the anchors near
 * it are, each weighed by 1 / (distance² + near²)², so that it glides from one to the next.
 */
export function linkedCamera(camera: Camera, views: readonly [Viewport, Viewport], anchors: readonly Anchor[]): Camera {
  const [own, other] = views;
  const middle = toScene(camera, own.width / 2, own.height / 2);
  let [x, y, total] = [0, 0, 0];
  for (const anchor of anchors) {
    const distance = (anchor.x - middle.x) ** 2 + (anchor.y - middle.y) ** 2;
    const weight = 1 / (distance + NEAR * NEAR) ** 2;
    x += weight * (anchor.thereX - anchor.x);
    y += weight * (anchor.thereY - anchor.y);
    total += weight;
  }
  const { scale } = camera;
  // Beside what only this drawing has, the other one stays where the nearest of both is.
  const kept = (at: number, side: 'thereX' | 'thereY', size: number): number => {
    const room = (KEPT_IN_VIEW * size) / scale;
    const [least, most] = anchors.reduce(
      ([low, high], anchor) => [Math.min(low, anchor[side]), Math.max(high, anchor[side])],
      [Infinity, -Infinity],
    );
    return Math.min(most + room, Math.max(least - room, at));
  };
  const there =
    total === 0
      ? middle
      : {
          x: kept(middle.x + x / total, 'thereX', other.width),
          y: kept(middle.y + y / total, 'thereY', other.height),
        };
  return { scale, left: other.width / 2 - there.x * scale, top: other.height / 2 - there.y * scale };
}
