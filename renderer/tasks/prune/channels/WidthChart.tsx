import { useCallback, useRef } from 'react';
import type { MouseEvent, ReactNode } from 'react';
import { NONE_LIT, selectLayer, useSelection } from '../../../state/selection.ts';
import { Canvas, type CanvasFrame } from '../../../widgets/Canvas.tsx';
import classes from './channels.module.css';
import { barAt, drawWidths } from './draw-widths.ts';
import { layersOf, type GroupRow } from './model.ts';

interface WidthChartProps {
  /** Groups and frozen layers. */
  readonly rows: readonly GroupRow[];
  readonly predicted: boolean;
  /** CSS pixels. */
  readonly height: number;
  readonly onPoint: (row: GroupRow | null) => void;
}

/** What every group keeps of its width, over the depth of the model; the table below says the same. */
export function WidthChart({ rows, predicted, height, onPoint }: WidthChartProps): ReactNode {
  const width = useRef(1);
  const lit = useSelection((state) => state.lit);
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const groups = rows.filter(({ at }) => at >= 0);
  const draw = useCallback(
    (frame: CanvasFrame) => {
      const isLit = ({ producers }: GroupRow): boolean =>
        producers.some(
          (name) => (lit.has(name) && producers.every((one) => lit.has(one))) || name === hover || name === layer,
        );
      drawWidths(frame, { rows: rows.filter(({ at }) => at >= 0), predicted, lit: isLit });
    },
    [rows, predicted, lit, layer, hover],
  );
  const groupAt = (event: MouseEvent): GroupRow | undefined =>
    groups[barAt(event.nativeEvent.offsetX, width.current, groups.length)];
  return (
    <div className={classes['chart']}>
      <Canvas
        label={`Kept width of ${groups.length} groups, in the order of the model. The table below says the same.`}
        canvasHeight={height}
        draw={draw}
        onWidth={(value) => {
          width.current = Math.max(1, value);
        }}
        onMouseMove={(event) => {
          const row = groupAt(event);
          onPoint(row ?? null);
          useSelection.getState().setLit(row === undefined ? NONE_LIT : layersOf(row));
        }}
        onMouseLeave={() => {
          onPoint(null);
          useSelection.getState().setLit(NONE_LIT);
        }}
        onClick={(event) => {
          const row = groupAt(event);
          if (row !== undefined) selectLayer(row.producers[0] ?? null, 'chart');
        }}
      />
    </div>
  );
}
