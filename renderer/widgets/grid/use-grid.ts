import {
  columnFilteringFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import type { ColumnDef, ReactTable, RowData, Row as TableRow, SortingState } from '@tanstack/react-table';
import { useMemo } from 'react';
import { compareCells, matchesWords } from './grid-column.ts';
import type { GridColumn } from './grid-column.ts';
import { useGridChoice, useGridQuery } from './grid-choice.ts';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnFilteringFeature,
  filteredRowModel: createFilteredRowModel(),
  columnVisibilityFeature,
});
type Features = typeof features;

export interface GridOptions<Row> {
  /** Under which the chosen columns, the order and the filter are kept: "layers.quantize". */
  readonly id: string;
  readonly columns: readonly GridColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly initialSort?: { readonly key: string; readonly descending: boolean };
  /** The test that a filter means; without it each word must be in one of the row's texts. */
  readonly filterOf?: (query: string) => (row: Row) => boolean;
}

/** A grid's state and rows, for `DataGrid` and `GridTools`. */
export interface Grid<Row extends RowData> {
  readonly id: string;
  readonly table: ReactTable<Features, Row, unknown>;
  /** All columns, chosen or not. */
  readonly columns: readonly GridColumn<Row>[];
  /** The chosen columns. */
  readonly shown: readonly GridColumn<Row>[];
  /** In the order and with the filter that are chosen. */
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Rows without the filter. */
  readonly total: number;
  readonly sort: { readonly key: string; readonly descending: boolean } | null;
  readonly query: string;
  sortOn(key: string): void;
  setQuery(query: string): void;
  setShown(key: string, shown: boolean): void;
}

/** Rows sorted and filtered, columns chosen; what was chosen is kept for each `id`. */
export function useGrid<Row extends RowData>(options: GridOptions<Row>): Grid<Row> {
  const { id, columns, rows, rowKey, initialSort, filterOf } = options;
  const choice = useGridChoice((state) => state.choices[id]);
  const query = useGridQuery(id);
  const choose = useGridChoice((state) => state.choose);
  const start = initialSort ?? null;
  const sort = choice?.sort === undefined ? start : choice.sort;
  const definitions = useMemo(() => columns.map((column) => definitionOf(column)), [columns]);
  const visibility = useMemo(
    () => Object.fromEntries(columns.map(({ key, optional }) => [key, choice?.shown?.[key] ?? optional !== true])),
    [columns, choice?.shown],
  );
  const sortedBy = sort?.key;
  const descending = sort?.descending ?? false;
  const sorting = useMemo<SortingState>(
    () => (sortedBy === undefined ? [] : [{ id: sortedBy, desc: descending }]),
    [sortedBy, descending],
  );
  const filters = useMemo(
    () => (query === '' ? [] : [{ id: columns[0]!.key, value: filterOf?.(query) ?? matchesWords(columns, query) }]),
    [query, columns, filterOf],
  );
  const table = useTable<Features, Row, unknown>({
    features,
    columns: definitions,
    data: rows as Row[],
    state: { sorting, columnFilters: filters, columnVisibility: visibility },
    getRowId: rowKey,
  });
  const model = table.getRowModel();
  const ordered = useMemo(() => model.rows.map((row) => row.original), [model]);
  const shown = useMemo(() => columns.filter(({ key }) => visibility[key]), [columns, visibility]);
  return {
    id,
    table,
    columns,
    shown,
    rows: ordered,
    rowKey,
    total: rows.length,
    sort,
    query,
    sortOn: (key) =>
      choose(id, {
        sort: nextSort(
          sort,
          key,
          columns.find((column) => column.key === key),
        ),
      }),
    setQuery: (text) => useGridChoice.getState().setQuery(id, text),
    setShown: (key, on) => choose(id, { shown: { ...choice?.shown, [key]: on } }),
  };
}

function definitionOf<Row extends RowData>({ key, value }: GridColumn<Row>): ColumnDef<Features, Row, unknown> {
  return {
    id: key,
    accessorFn: (row) => {
      const cell = value?.(row) ?? undefined;
      return typeof cell === 'number' && Number.isNaN(cell) ? undefined : cell;
    },
    enableSorting: value !== undefined,
    sortUndefined: 'last',
    sortFn: (a, b) => compareCells(a.getValue<number | string>(key), b.getValue<number | string>(key)),
    filterFn: (row: TableRow<Features, Row>, _id, test: (row: Row) => boolean) => test(row.original),
  };
}

/** The order after a click on a heading: numbers begin with the greatest, texts with A; a third click ends it. */
export function nextSort<Row>(
  sort: { readonly key: string; readonly descending: boolean } | null,
  key: string,
  column: Pick<GridColumn<Row>, 'align'> | undefined,
): { readonly key: string; readonly descending: boolean } | null {
  const first = column?.align === 'right';
  if (sort?.key !== key) return { key, descending: first };
  return sort.descending === first ? { key, descending: !first } : null;
}
