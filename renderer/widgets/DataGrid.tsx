import { useEffect, useId, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Tooltip } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { sortRows } from './sort-rows.ts';
import type { SortOrder } from './sort-rows.ts';
import classes from './DataGrid.module.css';

/** One column of a grid. */
export interface GridColumn<Row> {
  readonly key: string;
  readonly title: string;
  /** CSS grid track: "minmax(160px, 1fr)", "80px". */
  readonly width: string;
  readonly align?: 'left' | 'right';
  readonly help?: string;
  readonly render: (row: Row) => ReactNode;
  /** What the column is sorted by; absent: it is not sortable. Null sorts last. */
  readonly sortBy?: (row: Row) => number | string | null;
}

export interface DataGridProps<Row> {
  /** Accessible name: "Kernels". */
  readonly label: string;
  readonly columns: readonly GridColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Keys of the selected rows. */
  readonly selected?: ReadonlySet<string>;
  /** Key of the row that is pointed at in another view. */
  readonly hovered?: string | null;
  readonly onSelect?: (row: Row, event: { readonly shiftKey: boolean }) => void;
  readonly onHover?: (row: Row | null) => void;
  /** Key to scroll to whenever `scrollRevision` changes. */
  readonly scrollTo?: string | null;
  readonly scrollRevision?: number;
  readonly initialSort?: SortOrder;
  readonly empty?: ReactNode;
}

const ROW_HEIGHT = 24;

/** A long table: only what is visible is drawn; columns sort; arrows move, Enter and Space pick. */
export function DataGrid<Row>(props: DataGridProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, selected, hovered, onSelect, onHover, scrollTo, scrollRevision, empty } = props;
  const [order, setOrder] = useState<SortOrder | null>(props.initialSort ?? null);
  const [active, setActive] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const baseId = useId();
  const sortBy = order === null ? undefined : columns.find((column) => column.key === order.key)?.sortBy;
  const sorted = useMemo(
    () => (sortBy && order ? sortRows(rows, sortBy, order.descending) : rows),
    [rows, sortBy, order],
  );
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollPaddingStart: ROW_HEIGHT,
  });
  const tracks = {
    gridTemplateColumns: columns.map((column) => column.width).join(' '),
    minWidth: leastWidth(columns),
  };

  useEffect(() => {
    if (scrollTo === null || scrollTo === undefined) return;
    const index = sorted.findIndex((row) => rowKey(row) === scrollTo);
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
    // Only a new selection scrolls; sorting and fresh rows leave the place alone.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [scrollTo, scrollRevision]);

  const move = (to: number): void => {
    const index = Math.min(Math.max(to, 0), sorted.length - 1);
    setActive(index);
    virtual.scrollToIndex(index, { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 15,
      PageUp: active - 15,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = moves[event.key];
    const row = sorted[active];
    if (to !== undefined) move(to);
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      if (event.target !== event.currentTarget) return;
      onSelect?.(row, { shiftKey: event.shiftKey });
    } else return;
    event.preventDefault();
  };
  const sortOn = (key: string): void =>
    setOrder((old) =>
      old?.key !== key ? { key, descending: true } : old.descending ? { key, descending: false } : null,
    );

  return (
    <div className={classes['grid']}>
      <div
        ref={scroller}
        className={classes['scroller']}
        role="grid"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        aria-activedescendant={active >= 0 ? `${baseId}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onMouseLeave={() => onHover?.(null)}
      >
        <div className={classes['header']} role="row" aria-rowindex={1} style={tracks}>
          {columns.map((column) => (
            <HeaderCell key={column.key} column={column} order={order} onSort={sortOn} />
          ))}
        </div>
        {sorted.length === 0 && empty}
        <div style={{ position: 'relative', height: virtual.getTotalSize() }} role="rowgroup">
          {virtual.getVirtualItems().map((item) => {
            const row = sorted[item.index]!;
            const key = rowKey(row);
            return (
              <div
                key={key}
                id={`${baseId}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={selected?.has(key) ?? false}
                data-active={item.index === active}
                data-hover={hovered === key}
                className={classes['row']}
                style={{ ...tracks, transform: `translateY(${item.start}px)` }}
                onClick={(event) => {
                  setActive(item.index);
                  onSelect?.(row, { shiftKey: event.shiftKey });
                }}
                onMouseEnter={() => onHover?.(row)}
              >
                {columns.map((column) => (
                  <div key={column.key} role="gridcell" className={classes['cell']} data-align={column.align ?? 'left'}>
                    {column.render(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Every row is a grid of its own: they only line up when none is narrower than the columns' least widths together. */
function leastWidth(columns: readonly { readonly width: string }[]): number {
  return columns.reduce((sum, { width }) => sum + Number.parseFloat(width.replace('minmax(', '')), 0);
}

interface HeaderCellProps<Row> {
  readonly column: GridColumn<Row>;
  readonly order: SortOrder | null;
  readonly onSort: (key: string) => void;
}

function HeaderCell<Row>({ column, order, onSort }: HeaderCellProps<Row>): ReactNode {
  const mine = order?.key === column.key;
  const arrow = mine ? (order.descending ? ' ↓' : ' ↑') : '';
  const text = `${column.title}${arrow}`;
  const inner = column.sortBy ? (
    <button type="button" className={classes['sort']} onClick={() => onSort(column.key)} tabIndex={-1}>
      {text}
    </button>
  ) : (
    <span className={classes['plain']}>{text}</span>
  );
  return (
    <div
      role="columnheader"
      className={classes['cell']}
      data-align={column.align ?? 'left'}
      aria-sort={mine ? (order.descending ? 'descending' : 'ascending') : 'none'}
    >
      {column.help === undefined ? (
        inner
      ) : (
        <Tooltip label={column.help} multiline w={280}>
          {inner}
        </Tooltip>
      )}
    </div>
  );
}
