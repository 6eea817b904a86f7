/** Where the parts of a heat map stand, in CSS pixels. */
import type { HeatTable } from './heat-table.ts';

export const ROW_HEIGHT = 20;
/** Lines of the header: one for groups, one for columns. */
const HEADER_LINE = 18;
/** Below this width a cell has no number. */
export const NUMBERED_WIDTH = 34;
const LEAST_WIDTH = 5;
const MOST_WIDTH = 118;
const PADDING = 8;

export interface HeatLayout {
  readonly nameWidth: number;
  readonly columnWidth: number;
  readonly headerHeight: number;
  readonly rowHeight: number;
  /** Of all rows and columns together, names and header included. */
  readonly fullWidth: number;
  readonly fullHeight: number;
}

/** A place among the shown rows and columns. */
export interface HeatPlace {
  /** Of the shown ones, not of the table. */
  readonly row: number;
  readonly column: number;
}

/** What is shown of how many. */
export interface HeatCounts {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Divides a width between names and columns: names take what they need up to 45 %, columns share the rest; where they would be
 * too narrow to be seen they are as narrow as can be, and the map scrolls.
 * @param measure width of a text in pixels
 */
export function layoutHeat(
  table: HeatTable,
  shown: HeatCounts,
  { width, measure }: { readonly width: number; readonly measure: (text: string) => number },
): HeatLayout {
  const longest = table.rows.reduce((most, { label }) => (label.length > most.length ? label : most), '');
  const columns = Math.max(1, shown.columns);
  const room = Math.min(measure(longest) + 2 * PADDING, width * 0.45);
  const wanted = Math.floor((width - Math.max(90, room)) / columns);
  const columnWidth = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, wanted));
  const nameWidth = Math.max(90, columnWidth > LEAST_WIDTH ? width - columnWidth * columns : room);
  const headerHeight = table.columns.some(({ group }) => group !== undefined) ? 2 * HEADER_LINE : HEADER_LINE + 6;
  return {
    nameWidth,
    columnWidth,
    headerHeight,
    rowHeight: ROW_HEIGHT,
    fullWidth: nameWidth + columnWidth * shown.columns,
    fullHeight: headerHeight + shown.rows * ROW_HEIGHT,
  };
}

/** How far a map is scrolled. */
export interface HeatScroll {
  readonly left: number;
  readonly top: number;
}

/** What lies under a point of the picture: a cell, a row's name (column −1), a column's head (row −1), or nothing. */
export function placeAt(
  layout: HeatLayout,
  shown: HeatCounts,
  at: { readonly x: number; readonly y: number; readonly scroll: HeatScroll },
): HeatPlace | null {
  const { x, y, scroll } = at;
  const row = y < layout.headerHeight ? -1 : Math.floor((y - layout.headerHeight + scroll.top) / layout.rowHeight);
  const column = x < layout.nameWidth ? -1 : Math.floor((x - layout.nameWidth + scroll.left) / layout.columnWidth);
  if (row >= shown.rows || column >= shown.columns || (row < 0 && column < 0)) return null;
  return { row, column };
}

/** Moves a place by the arrow, Home, End and page keys; null for any other key. */
export function movePlace(from: HeatPlace, key: string, shown: HeatCounts, page = 10): HeatPlace | null {
  const clamp = (value: number, count: number): number => Math.min(Math.max(value, 0), Math.max(0, count - 1));
  const to = (row: number, column: number): HeatPlace => ({
    row: clamp(row, shown.rows),
    column: clamp(column, shown.columns),
  });
  switch (key) {
    case 'ArrowUp':
      return to(from.row - 1, from.column);
    case 'ArrowDown':
      return to(from.row + 1, from.column);
    case 'ArrowLeft':
      return to(from.row, from.column - 1);
    case 'ArrowRight':
      return to(from.row, from.column + 1);
    case 'PageUp':
      return to(from.row - page, from.column);
    case 'PageDown':
      return to(from.row + page, from.column);
    case 'Home':
      return to(0, from.column);
    case 'End':
      return to(shown.rows - 1, from.column);
    default:
      return null;
  }
}

/** The scroll that brings a place into a view of a size, moving as little as can be. */
export function scrollTo(
  layout: HeatLayout,
  place: HeatPlace,
  view: { readonly width: number; readonly height: number; readonly scroll: HeatScroll },
): HeatScroll {
  const reach = (from: number, size: number, now: number, room: number): number =>
    from < now ? from : from + size > now + room ? from + size - room : now;
  return {
    top: reach(place.row * layout.rowHeight, layout.rowHeight, view.scroll.top, view.height - layout.headerHeight),
    left:
      place.column < 0
        ? view.scroll.left
        : reach(place.column * layout.columnWidth, layout.columnWidth, view.scroll.left, view.width - layout.nameWidth),
  };
}
