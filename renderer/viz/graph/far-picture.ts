import { rgb } from 'd3-color';
import { farColor } from './draw-far.ts';
import type { DrawState } from './draw.ts';
import type { GraphPalette } from './palette.ts';
import type { Scene, SceneBox } from './scene.ts';

/** Where a scene point (x, y) falls among device pixels: (x·scale + left, y·scale + top). */
export interface PixelPlace {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  /** Device pixels of a CSS pixel. */
  readonly ratio: number;
}

/** A picture as device pixels, each a number of its bytes R, G, B, A from the lowest on. */
export interface Pixels {
  readonly data: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Frames and lines smaller than this on screen are left out, CSS pixels. */
const LEAST_SEEN = 2;
/** Boxes are at least so large, CSS pixels. */
const LEAST_BOX = 1.6;
/** Lines thinner than a pixel are as faint as that, but not fainter than this. */
const FAINTEST = 0.14;

/** So many colours are found between two looks at the clock. */
const STEP = 512;

interface BoxColors {
  /** By box. */
  readonly of: Uint32Array;
  /** So many are found. */
  found: number;
}

/**
 * A scene from afar, painted into pixels: what `drawFar` draws with a canvas's own operations, in a twentieth of the time, since
 * nothing is smoothed and everything stands in arrays. All 50,000 boxes of a graph on screen take a few milliseconds.
 */
export class FarPicture {
  readonly #items: readonly SceneBox[];
  /** x, y, width, height of each. */
  readonly #boxes: Float32Array;
  readonly #frames: Float32Array;
  /** Least x, least y, greatest x, greatest y of each line. */
  readonly #bounds: Float32Array;
  /** Points of line i from #starts[i] to #starts[i + 1]. */
  readonly #starts: Uint32Array;
  readonly #points: Float32Array;
  readonly #values: readonly string[];
  /** Colours of the boxes by palette and overlay: who goes back to one before waits for nothing. */
  readonly #colors = new WeakMap<object, WeakMap<GraphPalette, BoxColors>>();

  constructor({ boxes, frames, edges }: Scene) {
    this.#items = boxes;
    this.#boxes = new Float32Array(4 * boxes.length);
    for (const [at, { x, y, width, height }] of boxes.entries()) this.#boxes.set([x, y, width, height], 4 * at);
    this.#frames = new Float32Array(4 * frames.length);
    for (const [at, { x, y, width, height }] of frames.entries()) this.#frames.set([x, y, width, height], 4 * at);
    this.#bounds = new Float32Array(4 * edges.length);
    this.#starts = new Uint32Array(edges.length + 1);
    this.#values = edges.map(({ value }) => value);
    let total = 0;
    for (const [at, { points, bounds }] of edges.entries()) {
      this.#bounds.set([bounds.x, bounds.y, bounds.x + bounds.width, bounds.y + bounds.height], 4 * at);
      total += points.length;
      this.#starts[at + 1] = total;
    }
    this.#points = new Float32Array(total);
    for (const [at, { points }] of edges.entries()) this.#points.set(points, this.#starts[at]!);
  }

  /**
   * Paints what is seen.
   * @param state lines of values with a look of their own are left out, to be drawn over it
   * @param moving where each box comes from, and how far it has come, 0…1; lines and frames fade in meanwhile
   */
  paint(
    pixels: Pixels,
    place: PixelPlace,
    { palette, overlay, looks }: DrawState,
    moving: { readonly from: Float32Array; readonly t: number } | null = null,
  ): void {
    const shown = moving === null ? 1 : moving.t ** 2;
    pixels.data.fill(pixelOf(palette.background));
    this.#paintFrames(pixels, place, { color: pixelOf(palette.frameBorder), shown });
    this.#paintLines(pixels, place, { color: pixelOf(palette.edge), looks, shown });
    const boxes = moving === null ? this.#boxes : between(moving.from, this.#boxes, moving.t);
    this.prepare({ palette, overlay }, Infinity);
    paintBoxes(pixels, place, boxes, this.#colorsOf(palette, overlay).of);
    if (moving === null && overlay?.cuts === true)
      this.#paintCuts(pixels, place, { overlay, background: pixelOf(palette.background) });
  }

  /**
   * Finds the colours of an overlay that is to be painted, for no longer than some milliseconds: where there are very many boxes it
   * takes several frames.
   * @returns whether all are found
   */
  prepare({ palette, overlay }: Pick<DrawState, 'palette' | 'overlay'>, ms: number): boolean {
    const colors = this.#colorsOf(palette, overlay);
    const until = performance.now() + ms;
    while (colors.found < colors.of.length && performance.now() < until) {
      const end = Math.min(colors.of.length, colors.found + STEP);
      for (let at = colors.found; at < end; at++) {
        colors.of[at] = pixelOf(farColor(this.#items[at]!, { palette, overlay }));
      }
      colors.found = end;
    }
    return colors.found === colors.of.length;
  }

  #colorsOf(palette: GraphPalette, overlay: DrawState['overlay']): BoxColors {
    const byPalette = this.#colors.get(overlay ?? this) ?? new WeakMap<GraphPalette, BoxColors>();
    this.#colors.set(overlay ?? this, byPalette);
    const colors = byPalette.get(palette) ?? { of: new Uint32Array(this.#items.length), found: 0 };
    byPalette.set(palette, colors);
    return colors;
  }

  #paintFrames(
    pixels: Pixels,
    { scale, left, top, ratio }: PixelPlace,
    { color, shown }: { readonly color: number; readonly shown: number },
  ): void {
    const frames = this.#frames;
    const wide = ratio * shown;
    for (let at = 0; at < frames.length; at += 4) {
      const width = frames[at + 2]! * scale;
      const height = frames[at + 3]! * scale;
      if (width < LEAST_SEEN * ratio || height < LEAST_SEEN * ratio) continue;
      const x = frames[at]! * scale + left;
      const y = frames[at + 1]! * scale + top;
      if (x > pixels.width || y > pixels.height || x + width < 0 || y + height < 0) continue;
      line(pixels, { x0: x, y0: y, x1: x + width, y1: y }, color, wide);
      line(pixels, { x0: x, y0: y + height, x1: x + width, y1: y + height }, color, wide);
      line(pixels, { x0: x, y0: y, x1: x, y1: y + height }, color, wide);
      line(pixels, { x0: x + width, y0: y, x1: x + width, y1: y + height }, color, wide);
    }
  }

  #paintLines(
    pixels: Pixels,
    { scale, left, top, ratio }: PixelPlace,
    { color, looks, shown }: { readonly color: number; readonly shown: number } & Pick<DrawState, 'looks'>,
  ): void {
    const wide = Math.max(FAINTEST, scale / Math.max(scale / ratio, 0.35)) * shown;
    const bounds = this.#bounds;
    const points = this.#points;
    const least = (LEAST_SEEN * ratio) / scale;
    const seen = { left: -left / scale, top: -top / scale, right: 0, bottom: 0 };
    seen.right = seen.left + pixels.width / scale;
    seen.bottom = seen.top + pixels.height / scale;
    for (let edge = 0; 4 * edge < bounds.length; edge++) {
      const x0 = bounds[4 * edge]!;
      const y0 = bounds[4 * edge + 1]!;
      const x1 = bounds[4 * edge + 2]!;
      const y1 = bounds[4 * edge + 3]!;
      if (x0 > seen.right || y0 > seen.bottom || x1 < seen.left || y1 < seen.top) continue;
      if (x1 - x0 < least && y1 - y0 < least) continue;
      if (looks?.has(this.#values[edge]!) === true) continue;
      const end = this.#starts[edge + 1]!;
      let fromX = points[this.#starts[edge]!]! * scale + left;
      let fromY = points[this.#starts[edge]! + 1]! * scale + top;
      for (let at = this.#starts[edge]! + 2; at < end; at += 2) {
        const toX = points[at]! * scale + left;
        const toY = points[at + 1]! * scale + top;
        line(pixels, { x0: fromX, y0: fromY, x1: toX, y1: toY }, color, wide);
        fromX = toX;
        fromY = toY;
      }
    }
  }

  /** Holes and halves, told apart without colour. */
  #paintCuts(
    pixels: Pixels,
    { scale, left, top, ratio }: PixelPlace,
    { overlay, background }: { readonly overlay: NonNullable<DrawState['overlay']>; readonly background: number },
  ): void {
    for (const { box, ...item } of this.#items) {
      const x = item.x * scale + left;
      const y = item.y * scale + top;
      const width = item.width * scale;
      const height = item.height * scale;
      if (width < 3 * ratio || height < 3 * ratio) continue;
      if (x > pixels.width || y > pixels.height || x + width < 0 || y + height < 0) continue;
      const cut = overlay.get(box.id)?.cut;
      if (cut === undefined) continue;
      const inner = cut === 'hole' ? height - 2 * ratio : (height - 2 * ratio) / 2;
      fill(pixels, { x0: x + ratio, y0: y + ratio, x1: x + width - ratio, y1: y + ratio + inner }, background);
    }
  }
}

function paintBoxes(
  pixels: Pixels,
  { scale, left, top, ratio }: PixelPlace,
  boxes: Float32Array,
  colors: Uint32Array,
): void {
  const least = LEAST_BOX * ratio;
  for (let at = 0, box = 0; at < boxes.length; at += 4, box++) {
    const width = Math.max(least, boxes[at + 2]! * scale);
    const height = Math.max(least, boxes[at + 3]! * scale);
    const x = (boxes[at]! + boxes[at + 2]! / 2) * scale + left - width / 2;
    const y = (boxes[at + 1]! + boxes[at + 3]! / 2) * scale + top - height / 2;
    fill(pixels, { x0: x, y0: y, x1: x + width, y1: y + height }, colors[box]!);
  }
}

function between(from: Float32Array, to: Float32Array, t: number): Float32Array {
  return to.map((end, at) => from[at]! + (end - from[at]!) * t);
}

interface Span {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Fills the pixels from (x0, y0) up to (x1, y1), each end rounded. */
function fill({ data, width, height }: Pixels, { x0, y0, x1, y1 }: Span, color: number): void {
  const left = Math.max(0, Math.round(x0));
  const right = Math.min(width, Math.round(x1));
  const bottom = Math.min(height, Math.round(y1));
  if (left >= right) return;
  for (let y = Math.max(0, Math.round(y0)); y < bottom; y++) {
    const row = y * width;
    for (let at = row + left; at < row + right; at++) data[at] = color;
  }
}

/** A line of a width in pixels; thinner than one it is mixed into what is there. */
function line(pixels: Pixels, span: Span, color: number, wide: number): void {
  const { x0, y0, x1, y1 } = span;
  const dx = x1 - x0;
  const dy = y1 - y0;
  if (wide >= 1.5 && (Math.abs(dx) < 0.5 || Math.abs(dy) < 0.5)) {
    const half = wide / 2;
    const left = Math.min(x0, x1) - half;
    const top = Math.min(y0, y1) - half;
    return fill(pixels, { x0: left, y0: top, x1: Math.max(x0, x1) + half, y1: Math.max(y0, y1) + half }, color);
  }
  const { data, width, height } = pixels;
  const share = Math.min(256, Math.round(wide * 256));
  if (Math.abs(dx) >= Math.abs(dy)) {
    const from = Math.max(0, Math.floor(Math.min(x0, x1)));
    const to = Math.min(width - 1, Math.floor(Math.max(x0, x1)));
    const slope = Math.abs(dy) < 0.5 ? 0 : dy / dx;
    for (let x = from; x <= to; x++) {
      const y = Math.floor(y0 + (slope === 0 ? 0 : (x - x0) * slope));
      if (y >= 0 && y < height) data[y * width + x] = mix(data[y * width + x]!, color, share);
    }
    return;
  }
  const from = Math.max(0, Math.floor(Math.min(y0, y1)));
  const to = Math.min(height - 1, Math.floor(Math.max(y0, y1)));
  const slope = Math.abs(dx) < 0.5 ? 0 : dx / dy;
  for (let y = from; y <= to; y++) {
    const x = Math.floor(x0 + (slope === 0 ? 0 : (y - y0) * slope));
    if (x >= 0 && x < width) data[y * width + x] = mix(data[y * width + x]!, color, share);
  }
}

/** `share` parts in 256 of a colour over another; both opaque. */
function mix(under: number, over: number, share: number): number {
  if (share >= 256) return over;
  const rest = 256 - share;
  const redBlue = ((over & 0xff00ff) * share + (under & 0xff00ff) * rest) >>> 8;
  const green = ((over & 0x00ff00) * share + (under & 0x00ff00) * rest) >>> 8;
  return (0xff000000 | (redBlue & 0xff00ff) | (green & 0x00ff00)) >>> 0;
}

const pixelsByColor = new Map<string, number>();

/** An opaque CSS colour as a pixel. */
export function pixelOf(color: string): number {
  const known = pixelsByColor.get(color);
  if (known !== undefined) return known;
  const { r, g, b } = rgb(color);
  const pixel = (0xff000000 | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
  pixelsByColor.set(color, pixel);
  return pixel;
}
