/** Numbers and tables as people read them in a terminal. */

const DECIMAL_PREFIXES = ['', 'k', 'M', 'G', 'T'] as const;
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Three significant digits without exponent: 0.0123, 1.23, 12.3, 123, 1230. */
export function digits3(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : 'NaN';
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 8));
}

/** A count with a decimal prefix: 40.8 M. */
export function count(value: number): string {
  let scaled = value;
  let prefix = 0;
  while (Math.abs(scaled) >= 1000 && prefix < DECIMAL_PREFIXES.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  return prefix === 0 ? String(Math.round(value)) : `${digits3(scaled)} ${DECIMAL_PREFIXES[prefix]}`;
}

/** Bytes with a binary unit: 13.3 MiB. */
export function bytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < BINARY_UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(scaled) : digits3(scaled)} ${BINARY_UNITS[unit]}`;
}

/** Milliseconds, or microseconds below a tenth of one. */
export function milliseconds(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? `${digits3(value * 1000)} µs` : `${digits3(value)} ms`;
}

/** A share 0…1 in percent with one decimal. */
export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** "float32[batch, 3, 224, 224]". */
export function typeText(dtype: string | null, shape: readonly (number | string | null)[] | null): string {
  return `${dtype ?? '?'}${shape === null ? '' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`}`;
}

export interface Column<T> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: T) => string;
}

/** Rows in columns as wide as their widest cell, under a line of titles. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    cells.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), column.title.length),
  );
  const line = (values: readonly string[]): string =>
    columns
      .map((column, index) => {
        const value = values[index] ?? '';
        const width = widths[index] ?? 0;
        return column.align === 'right' ? value.padStart(width) : value.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)].join('\n');
}
