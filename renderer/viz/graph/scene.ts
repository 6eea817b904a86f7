import type { PlacedContainer } from './place-container.ts';
import type { VisibleBox } from './visible-graph.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface SceneBox extends Rect {
  readonly box: VisibleBox;
}

/** The frame of an open group. */
export interface SceneFrame extends Rect {
  readonly id: string;
  readonly title: string;
  readonly layers: number;
  readonly depth: number;
}

export interface SceneEdge {
  readonly value: string;
  readonly source: string;
  readonly targets: readonly string[];
  readonly ends: boolean;
  readonly begins: boolean;
  /** x0, y0, x1, y1 … in scene coordinates. */
  readonly points: Float32Array;
  readonly bounds: Rect;
}

/** Everything that is drawn, in one coordinate system. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Outer before inner. */
  readonly frames: readonly SceneFrame[];
  readonly boxes: readonly SceneBox[];
  readonly edges: readonly SceneEdge[];
}

export const EMPTY_SCENE: Scene = { width: 0, height: 0, frames: [], boxes: [], edges: [] };

/** The innermost frame around the middle of what is seen that takes more than half of it; null: none does. */
export function frameSeen({ frames }: Scene, seen: Rect): string | null {
  const [x, y] = [seen.x + seen.width / 2, seen.y + seen.height / 2];
  const overlap = (from: number, size: number, seenFrom: number, seenSize: number): number =>
    Math.max(0, Math.min(from + size, seenFrom + seenSize) - Math.max(from, seenFrom));
  const found = frames.findLast((frame) => {
    if (x < frame.x || y < frame.y || x > frame.x + frame.width || y > frame.y + frame.height) return false;
    const area =
      overlap(frame.x, frame.width, seen.x, seen.width) * overlap(frame.y, frame.height, seen.y, seen.height);
    return 2 * area > seen.width * seen.height;
  });
  return found?.id ?? null;
}

/** Puts the containers of a layout into one coordinate system. */
export function sceneOf(root: PlacedContainer): Scene {
  const frames: SceneFrame[] = [];
  const boxes: SceneBox[] = [];
  const edges: SceneEdge[] = [];
  const visit = (container: PlacedContainer, left: number, top: number, depth: number): void => {
    const { id, title, layers, width, height } = container;
    if (depth > 0) frames.push({ id, title, layers, depth, x: left, y: top, width, height });
    for (const { box, x, y } of container.boxes) {
      boxes.push({ box, x: left + x, y: top + y, width: box.width, height: box.height });
    }
    for (const { value, source, targets, ends, begins, points } of container.pieces) {
      if (points.length < 4) continue;
      const moved = Float32Array.from(points, (at, index) => at + (index % 2 === 0 ? left : top));
      edges.push({ value, source, targets, ends, begins, points: moved, bounds: boundsOf(moved) });
    }
    for (const { container: child, x, y } of container.containers) visit(child, left + x, top + y, depth + 1);
  };
  visit(root, 0, 0, 0);
  return { width: root.width, height: root.height, frames, boxes, edges };
}

function boundsOf(points: Float32Array): Rect {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (let index = 0; index + 1 < points.length; index += 2) {
    const x = points[index]!;
    const y = points[index + 1]!;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
