import type { ReactNode } from 'react';

/** What a column is in files and on the clipboard. */
export interface CellColumn<Row> {
  readonly title: string;
  /** What the column is sorted by, copied and saved as; absent: none of it. Null stands last in either direction. */
  readonly value?: (row: Row) => number | string | null;
  /** Of the value in files: "ms", "bytes". */
  readonly unit?: string;
}

/** One column of a grid. */
export interface GridColumn<Row> extends CellColumn<Row> {
  readonly key: string;
  /** CSS grid track: "minmax(160px, 1fr)", "80px". */
  readonly width: string;
  readonly align?: 'left' | 'right';
  readonly help?: string;
  readonly render: (row: Row) => ReactNode;
  /** Not shown until it is chosen. */
  readonly optional?: boolean;
}

/** Order of two values as people count, "conv2" before "conv10"; a number and a text by their texts. */
export function compareCells(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : COLLATOR.compare(String(a), String(b));
}

/** Made once: a fresh comparison of locales for each pair made sorting 50,000 names take seconds. */
const COLLATOR = new Intl.Collator('en', { numeric: true });

/**
 * Rows as CSV (RFC 4180) in plain numbers, units in the headings; columns without a value are left out.
 * @param separator "\t" for the clipboard, so that spreadsheets take it apart
 */
export function gridText<Row>(columns: readonly CellColumn<Row>[], rows: readonly Row[], separator = ','): string {
  const told = columns.flatMap(({ title, unit, value }) =>
    value === undefined ? [] : [{ head: unit === undefined || unit === '' ? title : `${title} [${unit}]`, value }],
  );
  const lines = [
    told.map(({ head }) => quote(head)),
    ...rows.map((row) => told.map(({ value }) => quote(String(value(row) ?? '')))),
  ];
  return `${lines.map((cells) => cells.join(separator)).join('\r\n')}\r\n`;
}

function quote(text: string): string {
  return /[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether one of a row's texts holds each word of the search. */
export function matchesWords<Row>(columns: readonly GridColumn<Row>[], search: string): (row: Row) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    const text = columns
      .map(({ value }) => String(value?.(row) ?? ''))
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
