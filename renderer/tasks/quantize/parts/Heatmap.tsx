import { useCallback, useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { Canvas } from '../../../widgets/Canvas.tsx';
import { cellText, moveCell } from '../heatmap.ts';
import type { CellPosition, Heatmap as HeatmapModel } from '../heatmap.ts';
import { HEADER_HEIGHT, ROW_HEIGHT, drawHeatmap, heatmapGeometry } from './draw-heatmap.ts';
import classes from './Heatmap.module.css';

/** Quantization errors, layers × metrics. Arrows move a cell, Enter picks its layer; the table beside it says the same. */
export function Heatmap({ heatmap }: { readonly heatmap: HeatmapModel }): ReactNode {
  const { ref: box, height } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const width = useRef(1);
  const [scrollTop, setScrollTop] = useState(0);
  const [active, setActive] = useState<CellPosition | null>(null);
  const selected = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const hovered = useSelection((state) => state.hover);
  const total = HEADER_HEIGHT + heatmap.layers.length * ROW_HEIGHT;
  const size = { rows: heatmap.layers.length, columns: heatmap.columns.length };

  const reveal = useCallback(
    (row: number): void => {
      const element = scroller.current;
      if (element === null) return;
      const top = row * ROW_HEIGHT;
      const room = element.clientHeight - HEADER_HEIGHT - ROW_HEIGHT;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top > element.scrollTop + room) element.scrollTop = top - room;
    },
    [scroller],
  );
  useEffect(() => {
    const row = heatmap.layers.findIndex((layer) => layer.name === selected);
    if (row >= 0) reveal(row);
    // `revision` grows when the same layer is picked again: then it is scrolled to again.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [heatmap, selected, revision, reveal]);

  const draw = useCallback(
    (frame: Parameters<typeof drawHeatmap>[0]) => drawHeatmap(frame, { heatmap, scrollTop, selected, hovered, active }),
    [heatmap, scrollTop, selected, hovered, active],
  );
  const cellAt = (event: MouseEvent): CellPosition | null => {
    const { offsetX, offsetY } = event.nativeEvent;
    const row = Math.floor((offsetY - HEADER_HEIGHT + scrollTop) / ROW_HEIGHT);
    if (offsetY < HEADER_HEIGHT || row < 0 || row >= size.rows) return null;
    const { nameWidth, columnWidth } = heatmapGeometry(width.current, size.columns);
    const column = Math.floor((offsetX - nameWidth) / columnWidth);
    return { row, column: Math.min(Math.max(column, 0), size.columns - 1) };
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === 'Enter' || event.key === ' ') && active !== null) {
      selectLayer(heatmap.layers[active.row]!.name, 'chart');
      event.preventDefault();
      return;
    }
    const to = moveCell(active ?? { row: -1, column: 0 }, event.key, size);
    if (to === null) return;
    event.preventDefault();
    setActive(to);
    reveal(to.row);
  };
  return (
    <div ref={box} className={classes['box']}>
      <div
        ref={scroller}
        className={classes['scroller']}
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      >
        <div className={classes['sticky']}>
          <Canvas
            label={`Quantization errors: ${size.rows} layers by ${size.columns} metrics. The errors table beside it says the same.`}
            role="application"
            tabIndex={0}
            canvasHeight={Math.max(ROW_HEIGHT * 2, Math.min(height - LEGEND_HEIGHT, total))}
            draw={draw}
            onWidth={(value) => {
              width.current = Math.max(1, value);
            }}
            onKeyDown={onKeyDown}
            onClick={(event) => {
              const cell = cellAt(event);
              if (cell === null) return;
              setActive(cell);
              selectLayer(heatmap.layers[cell.row]!.name, 'chart');
            }}
            onMouseMove={(event) => {
              const cell = cellAt(event);
              useSelection.getState().setHover(cell === null ? null : heatmap.layers[cell.row]!.name);
            }}
            onMouseLeave={() => useSelection.getState().setHover(null)}
          />
        </div>
        <div style={{ height: Math.max(0, total - Math.min(height - LEGEND_HEIGHT, total)) }} />
      </div>
      <Legend />
      <Text className="lap-unseen" aria-live="polite">
        {active === null ? '' : describe(heatmap, active)}
      </Text>
    </div>
  );
}

const LEGEND_HEIGHT = 24;

function Legend(): ReactNode {
  return (
    <div className={classes['legend']}>
      <span>best of its column</span>
      <span className={classes['ramp']} aria-hidden />
      <span>worst</span>
    </div>
  );
}

function describe(heatmap: HeatmapModel, { row, column }: CellPosition): string {
  const layer = heatmap.layers[row]!;
  const { title, metric } = heatmap.columns[column]!;
  return `${layer.name}, ${title} ${cellText(layer, metric)}`;
}
