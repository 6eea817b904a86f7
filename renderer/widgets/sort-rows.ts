/** Which column a table is sorted by. */
export interface SortOrder {
  readonly key: string;
  readonly descending: boolean;
}

/**
 * Rows sorted by a key, stable; missing values (null, NaN) stand last in both directions. Text is compared as people
 * count: "conv2" before "conv10".
 */
export function sortRows<Row>(
  rows: readonly Row[],
  sortBy: (row: Row) => number | string | null,
  descending: boolean,
): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: sortBy(row) }));
  const missing = (key: number | string | null): boolean => key === null || Number.isNaN(key);
  const compare = (a: number | string, b: number | string): number =>
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true });
  return keyed
    .sort((a, b) => {
      if (missing(a.key) || missing(b.key)) return Number(missing(a.key)) - Number(missing(b.key));
      return descending ? compare(b.key!, a.key!) : compare(a.key!, b.key!);
    })
    .map(({ row }) => row);
}
