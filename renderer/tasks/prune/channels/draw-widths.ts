import type { CanvasFrame } from '../../../widgets/Canvas.tsx';
import type { GroupRow } from './model.ts';

/** Where the bars lie: one for each group, equally wide. */
export interface WidthBars {
  readonly left: number;
  readonly each: number;
  readonly gap: number;
}

/** Room for the scale at the left. */
const AXIS = 40;
const TOP = 6;
const BOTTOM = 4;

/** Divides the width among the bars. */
export function barsOf(width: number, count: number): WidthBars {
  const each = Math.min(96, (width - AXIS - 8) / Math.max(1, count));
  return { left: AXIS, each, gap: each > 6 ? 2 : 0 };
}

/** The bar under a place, or −1. */
export function barAt(x: number, width: number, count: number): number {
  const { left, each } = barsOf(width, count);
  const at = Math.floor((x - left) / each);
  return x >= left && at < count ? at : -1;
}

/** What the picture depends on. */
export interface WidthPicture {
  /** Groups only, in the order of the model. */
  readonly rows: readonly GroupRow[];
  readonly predicted: boolean;
  readonly lit: (row: GroupRow) => boolean;
}

/** Elements of every group: the outline is its full width, what is filled stays; widths set by hand are marked below. */
export function drawWidths(
  { context, width, height, colors }: CanvasFrame,
  { rows, predicted, lit }: WidthPicture,
): void {
  const { left, each, gap } = barsOf(width, rows.length);
  const most = rows.reduce((max, { atoms, each: elements }) => Math.max(max, atoms * elements), 1);
  const room = height - TOP - BOTTOM - 4;
  const base = height - BOTTOM - 4;
  context.font = '11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  context.strokeStyle = colors.border;
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(base - share * room) + 0.5;
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(width - 8, y);
    context.stroke();
    context.fillStyle = colors.muted;
    if (share !== 0.5) context.fillText(String(Math.round(most * share)), left - 6, Math.max(6, y));
  }
  rows.forEach((row, at) => {
    const x = left + at * each + gap / 2;
    const wide = Math.max(1, each - gap);
    const full = Math.max(2, (room * row.atoms * row.each) / most);
    const stays = (full * row.kept) / row.atoms;
    if (lit(row)) {
      context.fillStyle = colors.raised;
      context.fillRect(x - gap / 2, TOP - 4, each, height);
    }
    context.fillStyle = row.excluded ? colors.muted : colors.primary;
    context.globalAlpha = predicted ? 0.55 : 1;
    context.fillRect(x, base - stays, wide, stays);
    context.globalAlpha = 1;
    context.strokeStyle = row.excluded ? colors.muted : colors.primary;
    if (wide > 3) context.strokeRect(x + 0.5, base - full + 0.5, wide - 1, full - 1);
    if (!row.own) return;
    context.fillStyle = colors.text;
    context.fillRect(x, base + 2, wide, 2);
  });
}
