/** A table of numbers as a heat map takes it: rows down, columns across, coloured by how bad each number is. */

export interface HeatRow {
  /** Unique; a layer's name where the row is a layer. */
  readonly key: string;
  readonly label: string;
  /** Further words for search and hover: the operator, say. */
  readonly note?: string;
}

/** How numbers of one kind become places on the colour scale. */
export interface HeatScale {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly worst: 'low' | 'high';
  /** What the scale is at first; only scales that may be logarithmic can be made so. */
  readonly kind: 'linear' | 'log';
  readonly mayBeLog: boolean;
  /** Values beyond are as good as the best: a channel that is constant has any number of decibels. */
  readonly bestAt?: number;
  /** A number with its unit, for cells, legend and speech. */
  readonly format: (value: number) => string;
}

export interface HeatColumn {
  readonly key: string;
  readonly title: string;
  /** For the header, where columns are narrow. */
  readonly short: string;
  /** Stands over the columns that share it. */
  readonly group?: string;
  readonly help?: string;
  readonly scale: HeatScale;
  /** Text of a cell where it is not the number itself ("12 / 16"); such columns have no colour. */
  readonly plain?: (row: number) => string;
}

export interface HeatTable {
  readonly rows: readonly HeatRow[];
  readonly columns: readonly HeatColumn[];
  /** Row-major; NaN: there is no number. ±Infinity: worse than any. */
  readonly values: Float64Array;
  /** Whether columns mean the same wherever they stand (samples), so that clustering may move them too. */
  readonly columnsMove: boolean;
}

/** A cell by the places of its row and column in the table. */
export interface HeatCell {
  readonly row: number;
  readonly column: number;
}

export interface HeatParts {
  readonly rows: readonly HeatRow[];
  readonly columns: readonly HeatColumn[];
  readonly columnsMove?: boolean;
  /** null or undefined: there is no number. */
  readonly value: (row: number, column: number) => number | null | undefined;
}

/** Builds a table from a function of its cells. */
export function heatTable({ rows, columns, columnsMove = false, value }: HeatParts): HeatTable {
  const values = new Float64Array(rows.length * columns.length);
  for (let row = 0; row < rows.length; row++) {
    for (let column = 0; column < columns.length; column++) {
      values[row * columns.length + column] = value(row, column) ?? Number.NaN;
    }
  }
  return { rows, columns, values, columnsMove };
}

/** The number of a cell; null: there is none. */
export function heatValue(table: HeatTable, { row, column }: HeatCell): number | null {
  const value = table.values[row * table.columns.length + column];
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** A cell's text: "31.2 dB"; "" where there is no number. */
export function heatText(table: HeatTable, cell: HeatCell): string {
  const column = table.columns[cell.column]!;
  if (column.plain !== undefined) return column.plain(cell.row);
  const value = heatValue(table, cell);
  return value === null ? '' : column.scale.format(value);
}

/** A cell in words, for hover and speech. */
export function heatWords(table: HeatTable, cell: HeatCell): string {
  const row = table.rows[cell.row];
  const column = table.columns[cell.column];
  if (row === undefined || column === undefined) return '';
  const group = column.group === undefined ? '' : `${column.group}, `;
  return `${row.label} · ${group}${column.title}: ${heatText(table, cell) || 'not measured'}`;
}

/**
 * Rows and columns in a given order as CSV (RFC 4180), units in the headings, plain numbers.
 * @param separator "\t" for the clipboard
 */
export function heatCsv(
  table: HeatTable,
  order: { readonly rows: readonly number[]; readonly columns: readonly number[] },
  separator = ',',
): string {
  const heads = order.columns.map((at) => {
    const { group, title, scale, plain } = table.columns[at]!;
    const unit = plain !== undefined || scale.unit === '' ? '' : ` [${scale.unit}]`;
    return `${group === undefined ? '' : `${group}: `}${title}${unit}`;
  });
  const cellOf = (row: number, column: number): string => {
    const cell = { row, column };
    if (table.columns[column]!.plain !== undefined) return heatText(table, cell);
    return String(heatValue(table, cell) ?? '');
  };
  const lines = [
    ['Row', ...heads],
    ...order.rows.map((row) => [table.rows[row]!.key, ...order.columns.map((column) => cellOf(row, column))]),
  ];
  return `${lines.map((cells) => cells.map(quote).join(separator)).join('\r\n')}\r\n`;
}

function quote(text: string): string {
  return /[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
