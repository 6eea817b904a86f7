import { formatCompact } from '../../../main/judge/format.ts';
import { magnitudeMap, textOn } from '../../viz/color-maps.ts';
import type { CanvasFrame } from '../Canvas.tsx';
import { shareOf } from './confusion.ts';
import type { Confusion, ConfusionCell } from './confusion.ts';

/** Where things are, CSS pixels. */
export interface MatrixGeometry {
  /** Room for the names of the true classes at the left, and of the predicted ones at the top. */
  readonly left: number;
  readonly top: number;
  readonly cell: number;
  readonly width: number;
  readonly height: number;
}

const FONT = '10px "Inter Variable", system-ui, sans-serif';
/** Below this many pixels a cell has no name, below the other no number. */
const NAMED_CELL = 11;
const NUMBERED_CELL = 14;
const AXIS = 16;

/** Divides a width among names and square cells. */
export function matrixGeometry(width: number, names: readonly string[]): MatrixGeometry {
  const longest = names.reduce((most, name) => Math.max(most, name.length), 0);
  const label = Math.min(110, 10 + longest * 6);
  const wanted = (width - AXIS - label - 2) / Math.max(1, names.length);
  const named = wanted >= NAMED_CELL;
  const left = AXIS + (named ? label : 4);
  const cell = Math.max(1, Math.min(44, (width - left - 2) / Math.max(1, names.length)));
  // Short names stand upright over their columns, long ones are turned.
  const top = AXIS + (named ? (longest <= 2 && cell >= 14 ? 16 : label) : 4);
  const size = cell * names.length;
  return { left, top, cell, width: left + size + 2, height: top + size + 2 };
}

/** The cell under a point, or null. */
export function cellAt(geometry: MatrixGeometry, size: number, x: number, y: number): ConfusionCell | null {
  const prediction = Math.floor((x - geometry.left) / geometry.cell);
  const truth = Math.floor((y - geometry.top) / geometry.cell);
  const inside = prediction >= 0 && truth >= 0 && prediction < size && truth < size;
  return inside ? { truth, prediction } : null;
}

/**
 * Draws the matrix: colour is the share of the row on a square-root scale, so that the few mistakes beside a full
 * diagonal can be seen; cells without samples stay bare.
 */
export function drawConfusion(
  { context, colors }: CanvasFrame,
  confusion: Confusion,
  place: { readonly geometry: MatrixGeometry; readonly active: ConfusionCell | null },
): void {
  const { geometry, active } = place;
  const { left, top, cell } = geometry;
  const gap = cell >= 6 ? 1 : 0;
  const { counts, names } = confusion;
  context.font = FONT;
  context.textBaseline = 'middle';
  counts.forEach((row, truth) =>
    row.forEach((count, prediction) => {
      const share = shareOf(confusion, { truth, prediction });
      const x = left + prediction * cell;
      const y = top + truth * cell;
      const color = count === 0 || share === null ? colors.raised : magnitudeMap(Math.sqrt(share));
      context.fillStyle = color;
      context.fillRect(x, y, cell - gap, cell - gap);
      if (count === 0 || cell < NUMBERED_CELL) return;
      const text = formatCompact(count);
      if (context.measureText(text).width > cell - 2) return;
      context.fillStyle = textOn(color);
      context.textAlign = 'center';
      context.fillText(text, x + (cell - gap) / 2, y + cell / 2 + 0.5);
    }),
  );
  if (active !== null) drawCross(context, geometry, { active, size: names.length, color: colors.text });
  drawNames(context, confusion, { ...place, text: colors.text, muted: colors.muted });
}

interface Cross {
  readonly active: ConfusionCell;
  readonly size: number;
  readonly color: string;
}

/** Lines along the row and the column of a cell, and a frame around it. */
function drawCross(context: CanvasRenderingContext2D, geometry: MatrixGeometry, { active, size, color }: Cross): void {
  const { left, top, cell } = geometry;
  const x = left + active.prediction * cell;
  const y = top + active.truth * cell;
  context.strokeStyle = color;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, y - 0.5, cell * size, cell);
  context.strokeRect(x - 0.5, top - 0.5, cell, cell * size);
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1, cell + 1, cell + 1);
}

interface NameColors {
  readonly geometry: MatrixGeometry;
  readonly active: ConfusionCell | null;
  readonly text: string;
  readonly muted: string;
}

function drawNames(context: CanvasRenderingContext2D, { names }: Confusion, place: NameColors): void {
  const { left, top, cell } = place.geometry;
  const size = names.length * cell;
  const turned = top - AXIS > 16;
  context.fillStyle = place.muted;
  context.textAlign = 'center';
  context.fillText('predicted', left + size / 2, AXIS / 2);
  turn(context, AXIS / 2, top + size / 2, () => context.fillText('true', 0, 0));
  if (cell < NAMED_CELL) return;
  names.forEach((name, index) => {
    const middle = index * cell + cell / 2;
    const isRow = place.active?.truth === index;
    const isColumn = place.active?.prediction === index;
    context.fillStyle = isRow ? place.text : place.muted;
    context.textAlign = 'right';
    context.fillText(clip(context, name, left - AXIS - 6), left - 5, top + middle);
    context.fillStyle = isColumn ? place.text : place.muted;
    if (turned) {
      context.textAlign = 'left';
      turn(context, left + middle, top - 5, () => context.fillText(clip(context, name, top - AXIS - 6), 0, 0));
    } else {
      context.textAlign = 'center';
      context.fillText(name, left + middle, top - 8);
    }
  });
}

function turn(context: CanvasRenderingContext2D, x: number, y: number, draw: () => void): void {
  context.save();
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  draw();
  context.restore();
}

function clip(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let keep = text.length - 1;
  while (keep > 1 && context.measureText(`${text.slice(0, keep)}…`).width > width) keep -= 1;
  return `${text.slice(0, keep)}…`;
}
