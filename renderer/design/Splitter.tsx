import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import classes from './Splitter.module.css';

export interface SplitterProps {
  /** What it resizes, for screen readers: "Width of the outline". */
  readonly label: string;
  /** vertical: a line between left and right. */
  readonly orientation: 'vertical' | 'horizontal';
  /** Size in pixels of the panel that it belongs to. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
  /** Whether the panel lies before the line (grows to the right or down) or after. */
  readonly panel: 'before' | 'after';
  readonly onResize: (size: number) => void;
}

/** A line between panels that is dragged, or moved with the arrow keys. */
export function Splitter({ label, orientation, size, min, max, panel, onResize }: SplitterProps): ReactNode {
  const start = useRef<{ at: number; size: number } | null>(null);
  const vertical = orientation === 'vertical';
  const sign = panel === 'before' ? 1 : -1;
  const resize = (next: number): void => onResize(Math.round(Math.max(min, Math.min(max, next))));
  const at = (event: PointerEvent): number => (vertical ? event.clientX : event.clientY);
  const onKeyDown = (event: KeyboardEvent): void => {
    const grow = vertical ? 'ArrowRight' : 'ArrowDown';
    const shrink = vertical ? 'ArrowLeft' : 'ArrowUp';
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    resize(size + (event.key === grow ? 16 : -16) * sign);
  };
  return (
    // A focusable separator is a control (ARIA window splitter).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={size}
      aria-valuemin={min}
      aria-valuemax={max}
      className={classes['splitter']}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: at(event), size };
      }}
      onPointerMove={(event) => {
        if (start.current !== null) resize(start.current.size + (at(event) - start.current.at) * sign);
      }}
      onPointerUp={() => (start.current = null)}
    />
  );
}
