import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { harmMap } from '../../viz/color-maps.ts';
import {
  layoutHeat,
  movePlace,
  placeAt,
  scrollTo,
  type HeatPlace,
  type HeatScroll,
} from '../../viz/heat/heat-layout.ts';
import { paintMarks } from '../../viz/heat/heat-paint.ts';
import { heatScene } from '../../viz/heat/heat-scene.ts';
import { heatWords, type HeatCell } from '../../viz/heat/heat-table.ts';
import { Canvas, type CanvasFrame } from '../Canvas.tsx';
import classes from './Heat.module.css';
import { HeatLegend } from './HeatLegend.tsx';
import { HeatSpoken } from './HeatSpoken.tsx';
import { measureHeatText } from './measure-text.ts';
import type { Heat } from './use-heat.ts';

export interface HeatMapProps {
  /** Accessible name: "Quantization errors". */
  readonly label: string;
  readonly heat: Heat;
  /** Key of the row that is picked elsewhere; it is scrolled to whenever `revision` changes. */
  readonly selectedRow?: string | null;
  readonly revision?: number;
  readonly hoveredRow?: string | null;
  /** Cells that are outlined, and what that means. */
  readonly marked?: ((cell: HeatCell) => boolean) | undefined;
  readonly markedWords?: string;
  /** A click, Enter or Space on a cell, or (column null) on a row's name. */
  readonly onPick?: (row: number, column: number | null) => void;
  readonly onPoint?: (cell: HeatCell | null) => void;
  /** Opens a menu for a cell. */
  readonly onMenu?: (cell: HeatCell, at: { readonly x: number; readonly y: number }) => void;
}

const AT_START: HeatScroll = { left: 0, top: 0 };

/**
 * Rows × columns of numbers, each cell coloured by how bad it is, with its number where that fits. Only what is visible is
 * drawn. Arrows move a cell, Enter picks it, a click on a column's head sorts.
 */
export function HeatMap(props: HeatMapProps): ReactNode {
  const { label, heat, selectedRow = null, revision = 0, hoveredRow = null, marked, onPick, onPoint, onMenu } = props;
  const { table, scales, shown, order } = heat;
  const scheme = useComputedColorScheme('light');
  const { ref: sized, width, height } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const box = useMergedRef(sized, scroller);
  const [scroll, setScroll] = useState(AT_START);
  const [active, setActive] = useState<HeatCell | null>(null);
  const [pointed, setPointed] = useState<HeatCell | null>(null);
  const counts = useMemo(() => ({ rows: shown.rows.length, columns: shown.columns.length }), [shown]);
  const layout = useMemo(() => layoutHeat(table, counts, { width, measure: measureHeatText }), [table, counts, width]);

  const reveal = useCallback(
    (place: HeatPlace): void => {
      const element = scroller.current;
      if (element === null) return;
      const { clientWidth, clientHeight, scrollLeft, scrollTop } = element;
      const now = { width: clientWidth, height: clientHeight, scroll: { left: scrollLeft, top: scrollTop } };
      const { left, top } = scrollTo(layout, place, now);
      element.scrollTo({ left, top });
    },
    [layout],
  );
  const found = selectedRow === null ? -1 : shown.rows.findIndex((row) => table.rows[row]!.key === selectedRow);
  const visible = height > 0;
  useEffect(() => {
    if (found >= 0 && visible) reveal({ row: found, column: -1 });
    // `revision` grows when the same row is picked again: then it is scrolled to again.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [found, revision, visible, reveal]);

  const sorted = order.by === 'column' ? order : null;
  const draw = useCallback(
    ({ context, width: w, height: h, colors }: CanvasFrame): void => {
      const picture = { table, scales, order: shown, layout, scroll, sorted, selectedRow, hoveredRow, active };
      const drawn = {
        ...picture,
        ...(marked === undefined ? {} : { marked }),
        measure: measureHeatText,
        width: w,
        height: h,
      };
      paintMarks(context, heatScene({ ...drawn, colors: { ...colors, map: harmMap[scheme] } }));
    },
    [table, scales, shown, layout, scroll, sorted, selectedRow, hoveredRow, active, marked, scheme],
  );

  const placeOf = (event: MouseEvent): HeatPlace | null => {
    const { offsetX, offsetY } = event.nativeEvent;
    return placeAt(layout, counts, { x: offsetX, y: offsetY, scroll });
  };
  const cellOf = (place: HeatPlace | null): HeatCell | null =>
    place === null || place.row < 0 || place.column < 0
      ? null
      : { row: shown.rows[place.row]!, column: shown.columns[place.column]! };
  const point = (cell: HeatCell | null): void => {
    if (cell?.row === pointed?.row && cell?.column === pointed?.column) return;
    setPointed(cell);
    onPoint?.(cell);
  };
  const onClick = (event: MouseEvent): void => {
    const place = placeOf(event);
    if (place === null) return;
    if (place.row < 0) {
      const column = table.columns[shown.columns[place.column]!];
      if (column !== undefined && column.plain === undefined) heat.sortOn(column.key);
      return;
    }
    const cell = cellOf(place);
    if (cell !== null) setActive(cell);
    onPick?.(shown.rows[place.row]!, cell?.column ?? null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === 'Enter' || event.key === ' ') && active !== null) {
      onPick?.(active.row, active.column);
      event.preventDefault();
      return;
    }
    const from = active === null ? { row: -1, column: 0 } : placeIn(shown, active);
    const page = Math.max(1, Math.floor((height - layout.headerHeight) / layout.rowHeight) - 1);
    const to = movePlace(from, event.key, counts, page);
    if (to === null || counts.rows === 0) return;
    event.preventDefault();
    setActive(cellOf(to));
    reveal(to);
  };
  const spoken = pointed ?? active;
  return (
    <div className={classes['box']}>
      <div
        ref={box}
        className={classes['scroller']}
        onScroll={({ currentTarget }) => setScroll({ left: currentTarget.scrollLeft, top: currentTarget.scrollTop })}
      >
        <div style={{ width: Math.max(width, layout.fullWidth), height: Math.max(height, layout.fullHeight) }}>
          <div className={classes['sticky']} style={{ width }}>
            <Canvas
              label={`${label}: ${counts.rows} rows by ${counts.columns} columns. Arrows move, Enter picks.`}
              role="application"
              tabIndex={0}
              canvasHeight={Math.max(0, height)}
              draw={draw}
              onKeyDown={onKeyDown}
              onClick={onClick}
              onContextMenu={(event) => {
                const cell = cellOf(placeOf(event));
                if (cell === null || onMenu === undefined) return;
                event.preventDefault();
                setActive(cell);
                onMenu(cell, { x: event.clientX, y: event.clientY });
              }}
              onMouseMove={(event) => {
                const place = placeOf(event);
                const head = place?.row === -1 ? table.columns[shown.columns[place.column]!] : undefined;
                event.currentTarget.title =
                  head === undefined ? '' : `${head.title}. ${head.help ?? ''} Click to sort.`;
                point(cellOf(place));
              }}
              onMouseLeave={() => point(null)}
            />
          </div>
        </div>
      </div>
      <HeatLegend heat={heat} cell={spoken} markedWords={props.markedWords} />
      <Text className="lap-unseen" aria-live="polite">
        {active === null ? '' : heatWords(table, active)}
      </Text>
      <HeatSpoken label={label} heat={heat} around={active} />
    </div>
  );
}

function placeIn(shown: Heat['shown'], { row, column }: HeatCell): HeatPlace {
  return { row: shown.rows.indexOf(row), column: shown.columns.indexOf(column) };
}
