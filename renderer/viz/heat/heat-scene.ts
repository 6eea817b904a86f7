/** A heat map as rectangles and texts, for the canvas and for files alike. */
import { textOn, type ColorMap } from '../color-maps.ts';
import type { HeatLayout, HeatScroll } from './heat-layout.ts';
import { NUMBERED_WIDTH } from './heat-layout.ts';
import type { HeatOrder } from './heat-order.ts';
import type { PlacedScale } from './heat-scale.ts';
import { heatText, heatValue, type HeatCell, type HeatTable } from './heat-table.ts';

export interface RectMark {
  readonly kind: 'rect';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
}

export interface FrameMark {
  readonly kind: 'frame';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly stroke: string;
  readonly line: number;
}

export interface TextMark {
  readonly kind: 'text';
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly fill: string;
  readonly align: 'left' | 'right' | 'center';
  readonly bold: boolean;
}

export type HeatMark = RectMark | FrameMark | TextMark;

export interface HeatColors {
  readonly text: string;
  readonly muted: string;
  readonly panel: string;
  readonly raised: string;
  readonly border: string;
  readonly selection: string;
  /** Of harm: the worst stands out most. */
  readonly map: ColorMap;
}

/** Everything that the picture of a heat map depends on. */
export interface HeatPicture {
  readonly table: HeatTable;
  readonly scales: readonly PlacedScale[];
  readonly order: HeatOrder;
  readonly layout: HeatLayout;
  readonly colors: HeatColors;
  readonly measure: (text: string) => number;
  readonly width: number;
  readonly height: number;
  readonly scroll: HeatScroll;
  /** Key of the column that sorts, with the arrow that says how. */
  readonly sorted?: { readonly column: string; readonly worstFirst: boolean } | null;
  readonly selectedRow?: string | null;
  readonly hoveredRow?: string | null;
  /** The keyboard's or the pointer's cell, of the table. */
  readonly active?: HeatCell | null;
  /** Cells that are outlined: what the recipe has now. */
  readonly marked?: (cell: HeatCell) => boolean;
}

export const HEAT_FONT = '11px "Inter Variable", system-ui, sans-serif';
export const HEAT_FONT_BOLD = '600 11px "Inter Variable", system-ui, sans-serif';

/** The marks of what is visible, in the order of drawing. */
export function heatScene(picture: HeatPicture): readonly HeatMark[] {
  const { layout, order, scroll, width, height, table } = picture;
  const visible = (count: number, size: number, from: number, room: number): readonly [number, number] => [
    Math.max(0, Math.floor(from / size)),
    Math.min(count - 1, Math.floor((from + room) / size)),
  ];
  const rows = visible(order.rows.length, layout.rowHeight, scroll.top, height - layout.headerHeight);
  const columns = visible(order.columns.length, layout.columnWidth, scroll.left, width - layout.nameWidth);
  const marks: HeatMark[] = [];
  const outlines: HeatMark[] = [];
  for (let at = rows[0]; at <= rows[1]; at++) {
    const row = order.rows[at]!;
    const y = layout.headerHeight + at * layout.rowHeight - scroll.top;
    for (let place = columns[0]; place <= columns[1]; place++) {
      const column = order.columns[place]!;
      const x = layout.nameWidth + place * layout.columnWidth - scroll.left;
      cellMarks(picture, { row, column }, { x, y }, marks, outlines);
    }
  }
  marks.push(...outlines);
  for (let at = rows[0]; at <= rows[1]; at++) {
    const y = layout.headerHeight + at * layout.rowHeight - scroll.top;
    nameMarks(picture, table.rows[order.rows[at]!]!, y, marks);
  }
  headerMarks(picture, columns, marks);
  return marks;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function cellMarks(
  picture: HeatPicture,
  cell: HeatCell,
  { x, y }: Point,
  marks: HeatMark[],
  outlines: HeatMark[],
): void {
  const { table, scales, layout, colors, measure } = picture;
  const { columnWidth, rowHeight } = layout;
  const gap = columnWidth >= 9 ? 1 : 0;
  const { plain } = table.columns[cell.column]!;
  const value = heatValue(table, cell);
  const color = plain !== undefined || value === null ? null : colors.map(scales[cell.column]!.place(value));
  if (plain === undefined) {
    marks.push({
      kind: 'rect',
      x,
      y: y + 0.5,
      width: columnWidth - gap,
      height: rowHeight - 1,
      fill: color ?? colors.raised,
    });
  }
  const room = plain === undefined ? columnWidth - gap - 2 * CELL_PADDING : columnWidth - 6;
  const text = columnWidth < NUMBERED_WIDTH ? '' : fittingText(heatText(table, cell), room, measure);
  if (text !== '') {
    const fill = color === null ? colors.text : textOn(color);
    marks.push({
      kind: 'text',
      x: x + columnWidth - gap - CELL_PADDING,
      y: y + rowHeight / 2,
      text,
      fill,
      align: 'right',
      bold: false,
    });
  }
  if (picture.marked?.(cell) === true)
    outlines.push({
      kind: 'frame',
      x: x + 1,
      y: y + 1.5,
      width: columnWidth - 3,
      height: rowHeight - 3,
      stroke: colors.text,
      line: 2,
    });
  if (picture.active?.row === cell.row && picture.active.column === cell.column)
    outlines.push({
      kind: 'frame',
      x,
      y: y + 0.5,
      width: columnWidth - 1,
      height: rowHeight - 1,
      stroke: colors.selection,
      line: 2,
    });
}

/** Between a number and the edges of its cell, CSS pixels. */
const CELL_PADDING = 5;

/**
 * A cell's text as it fits: units stand in the header and the legend; of powers of ten the digits after the point go before nothing
 * is written ("3.42e−11", "3e−11"), and small numbers become such powers ("0.0017", "2e−3"). All of it is told where the cell is
 * pointed at.
 */
function fittingText(text: string, room: number, measure: (text: string) => number): string {
  const short = text.replace(/ dB$/u, '');
  const rounded = short.replace(/\d\.\d+(?=e)/u, (digits) => String(Math.round(Number(digits))));
  const power = /^0\.0\d+$/u.test(short) ? Number(short).toExponential(0).replace('-', '−') : short;
  return [short, rounded, power].find((one) => measure(one) <= room) ?? '';
}

function nameMarks(picture: HeatPicture, row: HeatTable['rows'][number], y: number, marks: HeatMark[]): void {
  const { layout, colors, measure, width } = picture;
  const selected = row.key === picture.selectedRow;
  const fill = row.key === picture.hoveredRow || selected ? colors.raised : colors.panel;
  marks.push({ kind: 'rect', x: 0, y, width: layout.nameWidth - 1, height: layout.rowHeight, fill });
  marks.push({
    kind: 'text',
    x: 8,
    y: y + layout.rowHeight / 2,
    // Bold letters are wider.
    text: endOf(row.label, (layout.nameWidth - 16) * (selected ? 0.94 : 1), measure),
    fill: colors.text,
    align: 'left',
    bold: selected,
  });
  if (!selected) return;
  const right = Math.min(width, layout.fullWidth);
  marks.push({
    kind: 'frame',
    x: 1,
    y: y + 1,
    width: right - 2,
    height: layout.rowHeight - 2,
    stroke: colors.selection,
    line: 1.5,
  });
}

function headerMarks(picture: HeatPicture, [first, last]: readonly [number, number], marks: HeatMark[]): void {
  const { table, order, layout, colors, measure, width, scroll, sorted } = picture;
  const { headerHeight, nameWidth, columnWidth } = layout;
  marks.push({ kind: 'rect', x: 0, y: 0, width, height: headerHeight, fill: colors.raised });
  const grouped = table.columns.some(({ group }) => group !== undefined);
  const line = grouped ? headerHeight * 0.75 : headerHeight / 2;
  // Where columns are narrow only some are named, so that their names do not overlap.
  const widest = order.columns
    .slice(first, last + 1)
    .reduce((most, at) => Math.max(most, measure(table.columns[at]!.short)), 0);
  const step = columnWidth >= NUMBERED_WIDTH ? 1 : Math.max(1, Math.ceil((widest + 6) / columnWidth));
  for (let place = first; place <= last; place++) {
    const column = table.columns[order.columns[place]!]!;
    if (place % step !== 0) continue;
    const right = nameWidth + (place + 1) * columnWidth - scroll.left;
    const arrow = sorted?.column === column.key ? (sorted.worstFirst ? ' ▼' : ' ▲') : '';
    const text = step === 1 ? startOf(column.short, columnWidth - 6 - measure(arrow), measure) : column.short;
    marks.push({
      kind: 'text',
      x: step === 1 ? right - 6 : right - columnWidth / 2,
      y: line,
      text: `${text}${arrow}`,
      fill: arrow === '' ? colors.muted : colors.text,
      align: step === 1 ? 'right' : 'center',
      bold: arrow !== '',
    });
  }
  if (grouped) groupMarks(picture, [first, last], marks);
  marks.push({ kind: 'rect', x: 0, y: 0, width: nameWidth - 1, height: headerHeight, fill: colors.raised });
  marks.push({ kind: 'rect', x: 0, y: headerHeight - 1, width, height: 1, fill: colors.border });
}

function groupMarks(picture: HeatPicture, [first, last]: readonly [number, number], marks: HeatMark[]): void {
  const { table, order, layout, colors, measure, scroll } = picture;
  const groupAt = (place: number): string => table.columns[order.columns[place]!]?.group ?? '';
  for (let place = first; place <= last;) {
    let end = place;
    while (end < last && groupAt(end + 1) === groupAt(place)) end++;
    const x = Math.max(layout.nameWidth, layout.nameWidth + place * layout.columnWidth - scroll.left);
    const right = layout.nameWidth + (end + 1) * layout.columnWidth - scroll.left;
    const text = startOf(groupAt(place), right - x - 8, measure);
    if (text !== '')
      marks.push({
        kind: 'text',
        x: x + 4,
        y: layout.headerHeight / 4 + 1,
        text,
        fill: colors.text,
        align: 'left',
        bold: true,
      });
    if (place > 0)
      marks.push({ kind: 'rect', x: x - 1, y: 3, width: 1, height: layout.headerHeight - 6, fill: colors.border });
    place = end + 1;
  }
}

/** Shortens a name at its start: the last part tells layers apart. */
export function endOf(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const keep = Math.ceil((low + high) / 2);
    if (measure(`…${text.slice(-keep)}`) <= width) low = keep;
    else high = keep - 1;
  }
  return low === 0 ? '' : `…${text.slice(-low)}`;
}

function startOf(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let keep = text.length - 1;
  while (keep > 0 && measure(`${text.slice(0, keep)}…`) > width) keep--;
  return keep === 0 ? '' : `${text.slice(0, keep)}…`;
}
