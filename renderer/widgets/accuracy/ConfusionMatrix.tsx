import { useCallback, useMemo, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { Canvas } from '../Canvas.tsx';
import type { CanvasFrame } from '../Canvas.tsx';
import classes from './Accuracy.module.css';
import { describeCell, moveInMatrix } from './confusion.ts';
import type { Confusion, ConfusionCell } from './confusion.ts';
import { cellAt, drawConfusion, matrixGeometry } from './draw-confusion.ts';

interface ConfusionMatrixProps {
  readonly confusion: Confusion;
  /** The cell that a list beside the matrix points at. */
  readonly active: ConfusionCell | null;
  readonly onActive: (cell: ConfusionCell | null) => void;
}

/** What was taken for what, as a picture; the arrows move a cell, and a line below says it in words. */
export function ConfusionMatrix({ confusion, active, onActive }: ConfusionMatrixProps): ReactNode {
  const size = confusion.names.length;
  const [width, setWidth] = useState(0);
  const geometry = useMemo(() => matrixGeometry(width, confusion.names), [width, confusion]);
  const draw = useCallback(
    (frame: CanvasFrame) => drawConfusion(frame, confusion, { geometry, active }),
    [confusion, geometry, active],
  );
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = moveInMatrix(active ?? { truth: -1, prediction: 0 }, event.key, size);
    if (to === null) return;
    event.preventDefault();
    onActive(to);
  };
  const onMouseMove = (event: MouseEvent): void => {
    const { offsetX, offsetY } = event.nativeEvent;
    const cell = cellAt(geometry, size, offsetX, offsetY);
    if (cell?.truth !== active?.truth || cell?.prediction !== active?.prediction) onActive(cell);
  };
  return (
    <div className={classes['matrix']}>
      <p className={classes['readout']} aria-live="polite">
        {active === null ? 'Point at a cell, or move with the arrow keys.' : describeCell(confusion, active)}
      </p>
      <div>
        <Canvas
          label={`Confusion matrix of ${size} classes; rows are the true class, columns the predicted one. Arrow keys move. The lists beside it say the same.`}
          role="application"
          tabIndex={0}
          canvasHeight={geometry.height}
          draw={draw}
          onWidth={setWidth}
          onKeyDown={onKeyDown}
          onMouseMove={onMouseMove}
          onMouseLeave={() => onActive(null)}
        />
      </div>
      <div className={classes['legend']}>
        <span>0 %</span>
        <span className={classes['ramp']} aria-hidden />
        <span>100 % of the true class (square-root scale)</span>
      </div>
    </div>
  );
}
