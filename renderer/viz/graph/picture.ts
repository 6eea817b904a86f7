/** Pictures of a graph as files: vectors, or pixels of any size that a canvas can have. */
import { drawLegend, legendSize } from './draw-legend.ts';
import type { PictureLegend } from './draw-legend.ts';
import type { DrawingContext } from './drawing-context.ts';
import type { GraphPalette } from './palette.ts';
import type { Rect } from './scene.ts';
import { SvgContext } from './svg-context.ts';

/** What a picture is made of. */
export interface PictureOrder {
  /** The part of the scene that is shown, scene units. */
  readonly part: Rect;
  /** Of the picture, pixels; the height follows. */
  readonly width: number;
  readonly palette: GraphPalette;
  readonly legend: PictureLegend | null;
  readonly title: string;
  /** Draws the part in scene coordinates with the details that can be seen at a scale. */
  readonly draw: (context: DrawingContext, part: Rect, scale: number) => void;
}

/** What browsers allow a canvas: pixels of a side, and all together. */
export const MOST_SIDE = 16_384;
export const MOST_PIXELS = 120_000_000;

/** Room between the legend and the edges of the picture, in the legend's units. */
const MARGIN = 12;
/** The legend takes no more than this share of the picture's sides. */
const MOST_LEGEND = 0.4;

/** Height of a picture, pixels. */
export function pictureHeight({ part, width }: Pick<PictureOrder, 'part' | 'width'>): number {
  return Math.max(1, Math.round((width * part.height) / Math.max(1, part.width)));
}

/** Why a picture of pixels cannot be so large; null: it can. */
export function tooLarge(order: Pick<PictureOrder, 'part' | 'width'>): string | null {
  const { width } = order;
  const height = pictureHeight(order);
  const size = `${width.toLocaleString('en')} × ${height.toLocaleString('en')} pixels`;
  if (Math.max(width, height) > MOST_SIDE)
    return `${size}: a side has at most ${MOST_SIDE.toLocaleString('en')}. Choose a smaller width, or SVG.`;
  if (width * height > MOST_PIXELS)
    return `${size} are over ${MOST_PIXELS / 1e6} million. Choose a smaller width, or SVG.`;
  return null;
}

/** The text of an SVG file. @param measure width of a text in a CSS font, pixels */
export function svgPicture(order: PictureOrder, measure: (text: string, font: string) => number): string {
  const context = new SvgContext(measure);
  const { part, width, title } = order;
  const size = { width, height: pictureHeight(order) };
  // All details are written, however small they are at first: they can be zoomed into.
  drawPicture(context, order, Math.max(1, width / Math.max(1, part.width)));
  const numbers = [part.x, part.y, part.width, part.height].map((value) => Number(value.toFixed(2)));
  return context.file(size, numbers.join(' '), title);
}

/** A PNG file. @throws RangeError where the browser cannot make one so large */
export async function pngPicture(order: PictureOrder): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = order.width;
  canvas.height = pictureHeight(order);
  const context = canvas.getContext('2d');
  if (context === null) throw new RangeError('This browser has no canvas of that size');
  const { part } = order;
  const scale = order.width / Math.max(1, part.width);
  context.setTransform(scale, 0, 0, scale, -part.x * scale, -part.y * scale);
  drawPicture(context, order, scale);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new RangeError('The browser could not make a picture of that size');
  return blob;
}

function drawPicture(
  context: DrawingContext,
  { part, width, palette, legend, draw }: PictureOrder,
  detail: number,
): void {
  context.fillStyle = palette.background;
  context.fillRect(part.x, part.y, part.width, part.height);
  draw(context, part, detail);
  if (legend !== null) putLegend(context, legend, { part, width, palette });
}

/** In the lower left corner, as large as on screen, or as the picture allows. */
function putLegend(
  context: DrawingContext,
  legend: PictureLegend,
  { part, width, palette }: Pick<PictureOrder, 'part' | 'width' | 'palette'>,
): void {
  const size = legendSize(context, legend);
  const wanted = part.width / width;
  const scale = Math.min(
    wanted,
    (MOST_LEGEND * part.width) / (size.width + MARGIN),
    (MOST_LEGEND * part.height) / (size.height + MARGIN),
  );
  context.save();
  context.translate(part.x + MARGIN * scale, part.y + part.height - (size.height + MARGIN) * scale);
  context.scale(scale, scale);
  drawLegend(context, legend, { x: 0, y: 0, palette });
  context.restore();
}
