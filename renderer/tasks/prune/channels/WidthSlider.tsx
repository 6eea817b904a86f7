import type { KeyboardEvent, ReactNode } from 'react';
import { useRef } from 'react';
import { releaseSlider } from '../store.ts';
import classes from './channels.module.css';
import { nearestWidth, widthByKey, type GroupRow } from './model.ts';

interface WidthSliderProps {
  readonly row: GroupRow;
  /** Widths that the pointer and the arrows stop at. */
  readonly allowed: readonly number[];
  /** @param width null: follow the target */
  readonly onDrag: (width: number | null) => void;
}

/** How many atoms of one group stay. Arrows go to the next allowed width, with Shift by one; Delete lets it follow the target. */
export function WidthSlider({ row, allowed, onDrag }: WidthSliderProps): ReactNode {
  const moved = useRef(false);
  const drag = (width: number | null): void => {
    moved.current = true;
    onDrag(width);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Delete' || event.key === 'Backspace') drag(null);
    else {
      const to = widthByKey(row, allowed, event.key, event.shiftKey);
      if (to === null) return;
      drag(to);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const release = (): void => {
    if (moved.current) releaseSlider();
    moved.current = false;
  };
  return (
    <input
      type="range"
      className={classes['width']}
      aria-label={`Kept of ${row.name}`}
      aria-valuetext={`${row.kept} of ${row.atoms}${row.own ? ', set by hand' : ''}`}
      min={1}
      max={row.atoms}
      step={1}
      value={row.kept}
      disabled={row.excluded}
      data-own={row.own}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => drag(nearestWidth(allowed, Number(event.currentTarget.value)))}
      onKeyDown={onKeyDown}
      onKeyUp={release}
      onPointerUp={release}
      onBlur={release}
    />
  );
}
