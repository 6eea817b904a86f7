import { ROW_FONT, ROW_LABEL_FONT } from './box-metrics.ts';
import type { DrawingContext } from './drawing-context.ts';
import type { GraphPalette } from './palette.ts';

/** What the colours of a picture mean. */
export interface PictureLegend {
  readonly title: string;
  /** Colours with what they stand for. */
  readonly items: readonly { readonly color: string | null; readonly text: string }[];
  /** Colours from the least value to the greatest, with the values at the ends and in the middle; empty: none. */
  readonly scale: { readonly colors: readonly string[]; readonly values: readonly string[] } | null;
  /** Where the values come from; '' : nothing is to be said. */
  readonly source: string;
}

/** Sizes in the legend's own units, which are pixels where the picture is as large as the drawing. */
const PADDING = 10;
const LINE = 18;
const SWATCH = 11;
const BAR = { width: 200, height: 10 };
const LEAST_WIDTH = BAR.width + 2 * PADDING;

/** How much room a legend takes. */
export function legendSize(
  context: DrawingContext,
  legend: PictureLegend,
): { readonly width: number; readonly height: number } {
  context.font = ROW_FONT;
  const widths = [
    ...legend.items.map(({ text }) => SWATCH + 6 + context.measureText(text).width),
    context.measureText(legend.source).width,
  ];
  const lines = 1 + legend.items.length + (legend.scale === null ? 0 : 2) + (legend.source === '' ? 0 : 1);
  const width = widths.reduce((most, one) => Math.max(most, one + 2 * PADDING), LEAST_WIDTH);
  return { width, height: 2 * PADDING + lines * LINE };
}

/** Draws a legend with its upper left corner at (x, y). */
export function drawLegend(
  context: DrawingContext,
  legend: PictureLegend,
  { x, y, palette }: { readonly x: number; readonly y: number; readonly palette: GraphPalette },
): void {
  const { width, height } = legendSize(context, legend);
  context.beginPath();
  context.roundRect(x, y, width, height, 6);
  context.fillStyle = palette.boxFill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = palette.boxBorder;
  context.stroke();
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  let middle = y + PADDING + LINE / 2;
  const left = x + PADDING;
  context.font = ROW_LABEL_FONT;
  context.fillStyle = palette.text;
  context.fillText(legend.title, left, middle);
  context.font = ROW_FONT;
  middle += LINE;
  if (legend.scale !== null) {
    const { colors, values } = legend.scale;
    const each = BAR.width / colors.length;
    for (const [at, color] of colors.entries()) {
      context.fillStyle = color;
      // A little wider: where two only touch, a line would be seen between them.
      const wide = at === colors.length - 1 ? each : each + 0.5;
      context.fillRect(left + at * each, middle - BAR.height / 2, wide, BAR.height);
    }
    middle += LINE;
    context.fillStyle = palette.muted;
    for (const [at, text] of values.entries()) {
      context.textAlign = at === 0 ? 'left' : at === values.length - 1 ? 'right' : 'center';
      context.fillText(text, left + (BAR.width * at) / Math.max(1, values.length - 1), middle);
    }
    context.textAlign = 'left';
    middle += LINE;
  }
  for (const { color, text } of legend.items) {
    context.beginPath();
    context.roundRect(left, middle - SWATCH / 2, SWATCH, SWATCH, 2);
    context.fillStyle = color ?? palette.unmeasured;
    context.fill();
    context.strokeStyle = palette.boxBorder;
    context.stroke();
    context.fillStyle = palette.text;
    context.fillText(text, left + SWATCH + 6, middle);
    middle += LINE;
  }
  if (legend.source === '') return;
  context.fillStyle = palette.muted;
  context.fillText(legend.source, left, middle);
}
