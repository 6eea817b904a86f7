import type { DistillStep } from '../../contract/recipe/distill.ts';

export type Augmentation = Exclude<DistillStep['augment'], 'auto'>;

/** Where an image's axes lie in a prepared sample. */
export interface ImageLayout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly channelsFirst: boolean;
}

/** One way to look at an image. */
export interface View {
  readonly flip: boolean;
  /** Pixels by which it is moved to the right and down. */
  readonly dx: number;
  readonly dy: number;
  /** Values become mean + gain·(value − mean) + offset·deviation, mean and deviation being the image's own. */
  readonly gain: number;
  readonly offset: number;
  /** Rows of the matrix that takes places of the view, about its centre, to places of the image: turned, stretched, sheared. */
  readonly warp?: readonly [xx: number, xy: number, yx: number, yy: number];
  /** (1 − share) · the image as above + share · another sample as it is. */
  readonly mixed?: { readonly sample: number; readonly share: number };
}

/** The image as it is. */
export const PLAIN: View = { flip: false, dx: 0, dy: 0, gain: 1, offset: 0 };

/** Images smaller than this hold signs that a shift by an eighth would push out of sight. */
const SMALLEST = 16;
const COLOURS: ReadonlySet<number> = new Set([1, 3, 4]);

/**
 * The layout of samples that look like images: [C, H, W] or [H, W, C] of 1, 3 or 4 colours.
 * @param dims of one sample, without the batch
 * @returns undefined for anything else
 */
export function imageLayout(dims: readonly number[]): ImageLayout | undefined {
  if (dims.length !== 3) return undefined;
  const [a, b, c] = dims as [number, number, number];
  if (COLOURS.has(a) && Math.min(b, c) >= SMALLEST) return { channels: a, height: b, width: c, channelsFirst: true };
  if (COLOURS.has(c) && Math.min(a, b) >= SMALLEST) return { channels: c, height: a, width: b, channelsFirst: false };
  return undefined;
}

/** Draws a view; the same random numbers give the same one. */
export function drawView(random: () => number, kind: Augmentation, { height, width }: ImageLayout): View {
  if (kind === 'none') return PLAIN;
  const shift = (size: number): number => {
    const most = Math.round(size / 8);
    return Math.floor(random() * (2 * most + 1)) - most;
  };
  const [dx, dy] = [shift(width), shift(height)];
  if (kind === 'shift') return { ...PLAIN, dx, dy };
  if (kind === 'warp') return { flip: false, dx, dy, warp: drawWarp(random), ...drawColour(random) };
  const flip = random() < 0.5;
  if (kind === 'flip') return { ...PLAIN, flip, dx, dy };
  return { flip, dx, dy, ...drawColour(random) };
}

function drawColour(random: () => number): Pick<View, 'gain' | 'offset'> {
  return { gain: 0.8 + 0.4 * random(), offset: 0.4 * random() - 0.2 };
}

/** Turned by up to 10°, sheared and each side stretched by up to an eighth. */
function drawWarp(random: () => number): NonNullable<View['warp']> {
  const about = (most: number): number => most * (2 * random() - 1);
  const [angle, shear] = [about(Math.PI / 18), about(1 / 8)];
  const [sx, sy] = [1 + about(1 / 8), 1 + about(1 / 8)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos * sx, (cos * shear - sin) * sy, sin * sx, (sin * shear + cos) * sy];
}

/** Share of the views that are mixed, and of the other sample in them at most. */
const MIXED = 0.5;
const MOST_OF_OTHER = 0.5;

/**
 * Half of all views with some of another sample in them: a student that is to do what its teacher does may learn it on any input, and of few
 * samples there are many pairs.
 * @param others to choose from
 * @see Zhang et al. 2018 (mixup); Beyer et al. 2022 (function matching)
 */
export function drawMixed(random: () => number, view: View, others: readonly number[]): View {
  if (others.length === 0 || random() >= MIXED) return view;
  const sample = others[Math.floor(random() * others.length)]!;
  return { ...view, mixed: { sample, share: MOST_OF_OTHER * random() } };
}

/** Mixes some of another image into one. */
export function mixIn(target: Float32Array, other: Float32Array, share: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (1 - share) * target[i]! + share * other[i]!;
}

/**
 * Writes an image as a view shows it. What is moved in from outside repeats the edge, which is right whatever the
 * values mean.
 */
export function writeView(source: Float32Array, target: Float32Array, layout: ImageLayout, view: View): void {
  if (view.warp === undefined) moveImage(source, target, layout, view);
  else warpImage(source, target, layout, view);
  if (view.gain !== 1 || view.offset !== 0) changeColour(target, view.gain, view.offset);
}

function moveImage(
  source: Float32Array,
  target: Float32Array,
  { channels, height, width, channelsFirst }: ImageLayout,
  { flip, dx, dy }: View,
): void {
  const pixel = channelsFirst ? 1 : channels;
  const plane = channelsFirst ? height * width : 1;
  for (let y = 0; y < height; y++) {
    const fromRow = Math.min(height - 1, Math.max(0, y - dy)) * width;
    for (let x = 0; x < width; x++) {
      const unflipped = Math.min(width - 1, Math.max(0, x - dx));
      const from = (fromRow + (flip ? width - 1 - unflipped : unflipped)) * pixel;
      const to = (y * width + x) * pixel;
      for (let c = 0; c < channels; c++) target[to + c * plane] = source[from + c * plane]!;
    }
  }
}

/** Each place of the view is the mean of the four pixels about where it comes from, weighed by how near they are. */
function warpImage(
  source: Float32Array,
  target: Float32Array,
  { channels, height, width, channelsFirst }: ImageLayout,
  { flip, dx, dy, warp }: View,
): void {
  const [xx, xy, yx, yy] = warp!;
  const pixel = channelsFirst ? 1 : channels;
  const plane = channelsFirst ? height * width : 1;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const within = (at: number, size: number): number => Math.min(size - 1, Math.max(0, at));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x - dx - middleX, y - dy - middleY];
      const unflipped = within(middleX + xx * u + xy * v, width);
      const fromX = flip ? width - 1 - unflipped : unflipped;
      const fromY = within(middleY + yx * u + yy * v, height);
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, bottom] = [within(left + 1, width), within(top + 1, height)];
      const [a, b] = [fromX - left, fromY - top];
      const to = (y * width + x) * pixel;
      for (let c = 0; c < channels; c++) {
        const value = (row: number, column: number): number => source[(row * width + column) * pixel + c * plane]!;
        const above = (1 - a) * value(top, left) + a * value(top, right);
        const below = (1 - a) * value(bottom, left) + a * value(bottom, right);
        target[to + c * plane] = (1 - b) * above + b * below;
      }
    }
  }
}

function changeColour(image: Float32Array, gain: number, offset: number): void {
  let sum = 0;
  let squares = 0;
  for (const value of image) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / image.length;
  const added = mean * (1 - gain) + offset * Math.sqrt(Math.max(0, squares / image.length - mean * mean));
  for (let i = 0; i < image.length; i++) image[i] = gain * image[i]! + added;
}
