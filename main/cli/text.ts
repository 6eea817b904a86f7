/** Types and tables as people read them in a terminal. */

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
