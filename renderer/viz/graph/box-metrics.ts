import type { Size, VisibleBox } from './visible-graph.ts';

export const HEAD_HEIGHT = 24;
export const ROW_HEIGHT = 15;
export const BODY_PADDING = 4;
/** Room at the right of the title for the overlay's number, so that switching it on moves nothing. */
export const NUMBER_WIDTH = 58;
export const TITLE_FONT = "600 12px 'Inter Variable', system-ui, sans-serif";
export const ROW_FONT = "10.5px 'Inter Variable', system-ui, sans-serif";
export const ROW_LABEL_FONT = "600 10.5px 'Inter Variable', system-ui, sans-serif";

/** Longest row drawn, in pixels; longer ones end in "…". */
const MAX_ROW = 240;

export type MeasureText = (text: string, font: string) => number;

/** How large a box must be for its title and rows. */
export function measureBox(box: Omit<VisibleBox, keyof Size>, measure: MeasureText): Size {
  const title = Math.min(MAX_ROW, measure(box.title, TITLE_FONT));
  if (box.kind === 'input' || box.kind === 'output') return { width: Math.ceil(title + 28), height: HEAD_HEIGHT };
  const count = box.kind === 'group' ? 44 : 0;
  let width = title + 20 + count + NUMBER_WIDTH;
  for (const row of box.rows) {
    width = Math.max(
      width,
      Math.min(MAX_ROW, measure(row.label, ROW_LABEL_FONT) + 6 + measure(row.text, ROW_FONT)) + 18,
    );
  }
  const body = box.rows.length === 0 ? 0 : box.rows.length * ROW_HEIGHT + 2 * BODY_PADDING;
  return { width: Math.ceil(width) + 1, height: HEAD_HEIGHT + body };
}
