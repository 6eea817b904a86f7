import { Tooltip } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { RowData } from '@tanstack/react-table';
import type { GridColumn } from './grid-column.ts';
import classes from './DataGrid.module.css';
import type { Grid } from './use-grid.ts';

export interface DataGridProps<Row extends RowData> {
  /** Accessible name: "Kernels". */
  readonly label: string;
  readonly grid: Grid<Row>;
  /** Keys of the selected rows. */
  readonly selected?: ReadonlySet<string>;
  /** Key of the row that is pointed at in another view. */
  readonly hovered?: string | null;
  /** Keys of rows that are pointed at as one. */
  readonly lit?: ReadonlySet<string>;
  readonly onSelect?: (row: Row, event: { readonly shiftKey: boolean; readonly toggle: boolean }) => void;
  readonly onHover?: (row: Row | null) => void;
  /** The arrows pick the row they come to, instead of waiting for Enter. */
  readonly selectOnMove?: boolean;
  /** Key to scroll to whenever `scrollRevision` changes. */
  readonly scrollTo?: string | null;
  readonly scrollRevision?: number;
  readonly empty?: ReactNode;
}

const ROW_HEIGHT = 24;

/** A long table: only what is visible is drawn; columns sort; arrows move, Enter and Space pick. */
export function DataGrid<Row extends RowData>(props: DataGridProps<Row>): ReactNode {
  const {
    label,
    grid,
    selected,
    hovered,
    lit,
    onSelect,
    onHover,
    selectOnMove = false,
    scrollTo,
    scrollRevision,
  } = props;
  const { rows, rowKey, shown } = grid;
  const [active, setActive] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const baseId = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: ROW_HEIGHT,
    scrollPaddingStart: ROW_HEIGHT,
  });
  const tracks = useMemo(
    () => ({ gridTemplateColumns: shown.map((column) => column.width).join(' '), minWidth: leastWidth(shown) }),
    [shown],
  );

  useEffect(() => {
    if (scrollTo === null || scrollTo === undefined) return;
    const index = rows.findIndex((row) => rowKey(row) === scrollTo);
    if (index < 0) return;
    setActive(index);
    virtual.scrollToIndex(index, { align: 'auto' });
    // Only a new selection scrolls; sorting and fresh rows leave the place alone.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [scrollTo, scrollRevision]);

  const move = (to: number): void => {
    const index = Math.min(Math.max(to, 0), rows.length - 1);
    const row = rows[index];
    if (row === undefined) return;
    setActive(index);
    virtual.scrollToIndex(index, { align: 'auto' });
    if (selectOnMove) onSelect?.(row, { shiftKey: false, toggle: false });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    const row = rows[active];
    if (to !== undefined) move(to);
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined)
      onSelect?.(row, { shiftKey: event.shiftKey, toggle: false });
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      className={classes['scroller']}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={shown.length}
      aria-activedescendant={active >= 0 ? `${baseId}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onMouseLeave={() => onHover?.(null)}
    >
      <div className={classes['header']} role="row" aria-rowindex={1} style={tracks}>
        {shown.map((column) => (
          <HeaderCell key={column.key} column={column} grid={grid} />
        ))}
      </div>
      {rows.length === 0 && props.empty}
      <div style={{ position: 'relative', height: virtual.getTotalSize() }} role="rowgroup">
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const key = rowKey(row);
          return (
            <div
              key={key}
              id={`${baseId}-${item.index}`}
              role="row"
              tabIndex={-1}
              aria-rowindex={item.index + 2}
              aria-selected={selected?.has(key) ?? false}
              data-active={item.index === active}
              data-hover={hovered === key || lit?.has(key) === true}
              className={classes['row']}
              style={{ ...tracks, transform: `translateY(${item.start - ROW_HEIGHT}px)` }}
              onClick={(event) => {
                setActive(item.index);
                onSelect?.(row, { shiftKey: event.shiftKey, toggle: event.ctrlKey || event.metaKey });
              }}
              onMouseEnter={() => onHover?.(row)}
            >
              <Cells columns={shown as readonly GridColumn<never>[]} row={row as never} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** A row's cells; drawn again only when the row itself or the columns change, not for every hover. */
const Cells = memo(function Cells({
  columns,
  row,
}: {
  readonly columns: readonly GridColumn<never>[];
  readonly row: never;
}): ReactNode {
  return columns.map((column) => (
    <div key={column.key} role="gridcell" className={classes['cell']} data-align={column.align ?? 'left'}>
      {column.render(row)}
    </div>
  ));
});

/** Every row is a grid of its own: they only line up when none is narrower than the columns' least widths together. */
function leastWidth(columns: readonly { readonly width: string }[]): number {
  return columns.reduce((sum, { width }) => sum + Number.parseFloat(width.replace('minmax(', '')), 0);
}

interface HeaderCellProps<Row extends RowData> {
  readonly column: GridColumn<Row>;
  readonly grid: Grid<Row>;
}

/** A heading; drawn again when the order changes, not for every row that is pointed at. */
const HeaderCell = memo(Heading, (a, b) => {
  const [one, other] = [a.grid.sort, b.grid.sort];
  const sameOrder = one?.key === other?.key && one?.descending === other?.descending;
  return sameOrder && a.column === b.column && a.grid.id === b.grid.id;
}) as typeof Heading;

function Heading<Row extends RowData>({ column, grid }: HeaderCellProps<Row>): ReactNode {
  const sort = grid.sort?.key === column.key ? grid.sort : null;
  const text = (
    <>
      {column.title}
      {sort !== null && <span aria-hidden>{sort.descending ? ' ↓' : ' ↑'}</span>}
    </>
  );
  const inner = column.value ? (
    <button type="button" className={classes['sort']} onClick={() => grid.sortOn(column.key)} tabIndex={-1}>
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
      aria-sort={sort === null ? 'none' : sort.descending ? 'descending' : 'ascending'}
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
