/** Which rows and columns of a heat map are shown, and in which order. */
import { clusterOrder } from './cluster.ts';
import type { PlacedScale } from './heat-scale.ts';
import type { HeatTable } from './heat-table.ts';

/** How rows stand: as the table has them, by a column, or alike ones together. */
export type RowOrder =
  | { readonly by: 'own' }
  | { readonly by: 'column'; readonly column: string; readonly worstFirst: boolean }
  | { readonly by: 'likeness' };

export interface HeatOrder {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/**
 * Rows that hold each word of the search, in order; alike columns too where the table lets columns move. Rows without a
 * number in the column that sorts stand last in either direction.
 */
export function orderHeat(
  table: HeatTable,
  scales: readonly PlacedScale[],
  { order, search }: { readonly order: RowOrder; readonly search: string },
): HeatOrder {
  const found = matching(table, search);
  const columns = table.columns.map((_, at) => at);
  if (order.by === 'likeness') {
    const places = placesOf(table, scales, found);
    const rows = clusterOrder(places, found.length).map((at) => found[at]!);
    if (!table.columnsMove) return { rows, columns };
    return { rows, columns: clusterOrder(transposed(places, columns.length), columns.length) };
  }
  if (order.by === 'own') return { rows: found, columns };
  const column = table.columns.findIndex(({ key }) => key === order.column);
  if (column < 0) return { rows: found, columns };
  return { rows: sortedBy(table, { column, scales, worstFirst: order.worstFirst }, found), columns };
}

function matching({ rows }: HeatTable, search: string): readonly number[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  return rows.flatMap(({ label, key, note = '' }, at) => {
    const text = `${label} ${key} ${note}`.toLowerCase();
    return words.every((word) => text.includes(word)) ? [at] : [];
  });
}

interface Sort {
  readonly column: number;
  readonly scales: readonly PlacedScale[];
  readonly worstFirst: boolean;
}

function sortedBy(table: HeatTable, { column, scales, worstFirst }: Sort, rows: readonly number[]): readonly number[] {
  const { values, columns } = table;
  const low = scales[column]?.scale.worst === 'low';
  const numberOf = (row: number): number => values[row * columns.length + column]!;
  const sign = worstFirst === low ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}

/** Places of the shown rows on their scales; uncoloured columns count for nothing. */
function placesOf(table: HeatTable, scales: readonly PlacedScale[], rows: readonly number[]): Float64Array {
  const { columns, values } = table;
  const places = new Float64Array(rows.length * columns.length).fill(Number.NaN);
  rows.forEach((row, at) =>
    columns.forEach(({ plain }, column) => {
      const value = values[row * columns.length + column]!;
      if (plain === undefined && !Number.isNaN(value))
        places[at * columns.length + column] = scales[column]!.place(value);
    }),
  );
  return places;
}

function transposed(values: Float64Array, columns: number): Float64Array {
  const rows = columns === 0 ? 0 : values.length / columns;
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  }
  return turned;
}
