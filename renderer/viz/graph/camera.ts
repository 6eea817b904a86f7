import type { Rect, Scene } from './scene.ts';

/** Scene point (x, y) is drawn at (x·scale + left, y·scale + top) CSS pixels. */
export interface Camera {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export const MIN_SCALE = 0.01;
export const MAX_SCALE = 4;

/** The camera that shows a rectangle whole, never larger than `maxScale`, with margins in pixels. */
export function fitCamera(
  rect: Rect,
  view: Viewport,
  options: { readonly margin?: number; readonly top?: number; readonly maxScale?: number } = {},
): Camera {
  const { margin = 24, top = margin, maxScale = 1.25 } = options;
  const width = Math.max(1, rect.width);
  const height = Math.max(1, rect.height);
  const scale = clampScale(
    Math.min(maxScale, Math.max(1, view.width - 2 * margin) / width, Math.max(1, view.height - margin - top) / height),
  );
  return {
    scale,
    left: (view.width - width * scale) / 2 - rect.x * scale,
    top: (view.height + top - margin - height * scale) / 2 - rect.y * scale,
  };
}

/**
 * The first look at a graph: `whole` when that can be read, else its start at a readable size.
 * @param view its `top` is what lies over the top of the canvas, pixels
 */
export function homeCamera(scene: Scene, whole: Camera, view: Viewport & { readonly top: number }): Camera {
  if (whole.scale >= 0.5) return whole;
  const scale = 0.85;
  const first = scene.boxes.find((box) => box.box.kind === 'input') ?? scene.boxes[0];
  const middle = first === undefined ? scene.width / 2 : first.x + first.width / 2;
  if (scene.height >= scene.width)
    return {
      scale,
      left: view.width / 2 - middle * scale,
      top: view.top - Math.max(0, (first?.y ?? 0) - 70) * scale,
    };
  const y = first === undefined ? 0 : first.y + first.height / 2;
  return { scale, left: 16 - Math.max(0, (first?.x ?? 0) - 70) * scale, top: view.height / 2 - y * scale };
}

/** Zooms by a factor and keeps the scene point under (x, y) where it is. */
export function zoomAt(camera: Camera, factor: number, at: { readonly x: number; readonly y: number }): Camera {
  const scale = clampScale(camera.scale * factor);
  const real = scale / camera.scale;
  return { scale, left: at.x - (at.x - camera.left) * real, top: at.y - (at.y - camera.top) * real };
}

/** Moves by CSS pixels. */
export function panBy(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, left: camera.left + dx, top: camera.top + dy };
}

/** The scene point under a CSS point. */
export function toScene(camera: Camera, x: number, y: number): { readonly x: number; readonly y: number } {
  return { x: (x - camera.left) / camera.scale, y: (y - camera.top) / camera.scale };
}

/** From a rectangle's middle its pointer is kept at least so far from an edge, scene units. */
const INSIDE = 12;

/**
 * From coordinates of one drawing to those of the next, so that a rectangle of both stays where it is: its top and its middle, and
 * under the pointer if that is on it.
 */
export function anchorShift(
  before: Rect,
  after: Rect,
  pointer: { readonly x: number; readonly y: number } | null,
): { readonly x: number; readonly y: number } {
  const middle = before.x + before.width / 2;
  let x = after.x + after.width / 2 - middle;
  let y = after.y - before.y;
  if (pointer === null) return { x, y };
  const [right, bottom] = [before.x + before.width, before.y + before.height];
  if (pointer.x < before.x || pointer.y < before.y || pointer.x > right || pointer.y > bottom) return { x, y };
  const aside = Math.max(0, after.width / 2 - INSIDE);
  x -= pointer.x - middle - Math.min(aside, Math.max(-aside, pointer.x - middle));
  y -= Math.max(0, pointer.y - before.y - Math.max(0, after.height - INSIDE));
  return { x, y };
}

/** The part of the scene that is seen. */
export function seenRect(camera: Camera, view: Viewport): Rect {
  const { x, y } = toScene(camera, 0, 0);
  return { x, y, width: view.width / camera.scale, height: view.height / camera.scale };
}

/** Brings a rectangle's middle to the middle, unless it is well inside already; zooms in where it would be unreadable. */
export function revealCamera(camera: Camera, rect: Rect, view: Viewport): Camera {
  const scale = camera.scale < 0.45 ? 0.8 : camera.scale;
  const seen = seenRect(camera, view);
  const inside =
    scale === camera.scale &&
    rect.x >= seen.x + seen.width * 0.06 &&
    rect.x + rect.width <= seen.x + seen.width * 0.94 &&
    rect.y >= seen.y + seen.height * 0.08 &&
    rect.y + rect.height <= seen.y + seen.height * 0.92;
  if (inside) return camera;
  return {
    scale,
    left: view.width / 2 - (rect.x + rect.width / 2) * scale,
    top: view.height / 2 - (rect.y + rect.height / 2) * scale,
  };
}

function clampScale(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}
