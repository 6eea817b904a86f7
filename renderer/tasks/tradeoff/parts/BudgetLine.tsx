import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { setBudget } from '../store.ts';
import type { PlotArea, PlotScale } from './plot-area.ts';
import classes from './Scatter.module.css';

export interface BudgetLineProps {
  /** cost: a vertical line, what is right of it is too costly; benefit: a horizontal one, what is below is too bad. */
  readonly kind: 'cost' | 'benefit';
  readonly scale: PlotScale;
  readonly inner: PlotArea;
  /** Key of the axes that the limit belongs to. */
  readonly scope: string;
  /** The limit; null: none, the line is parked at the plot's end. */
  readonly value: number | null;
  readonly format: (value: number) => string;
}

/** Pixels from the parked end within which a dropped line counts as taken away. */
const PARKING = 8;

/** A limit to drag: what meets it stays bright. Arrow keys move it, Delete takes it away. */
export function BudgetLine({ kind, scale, inner, scope, value, format }: BudgetLineProps): ReactNode {
  const group = useRef<SVGGElement>(null);
  const vertical = kind === 'cost';
  const parked = vertical ? inner.right : inner.bottom;
  const raw = value === null ? parked : scale(value);
  const at = vertical
    ? Math.min(Math.max(raw, inner.left), inner.right)
    : Math.min(Math.max(raw, inner.top), inner.bottom);
  const set = (next: number | null): void => setBudget(scope, vertical ? { cost: next } : { benefit: next });
  const drag = (event: PointerEvent): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = group.current?.ownerSVGElement?.getBoundingClientRect();
    if (box === undefined) return;
    const pixel = vertical
      ? Math.max(event.clientX - box.left, inner.left)
      : Math.max(event.clientY - box.top, inner.top);
    set(pixel > parked - PARKING ? null : scale.invert(pixel));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const [low, high] = scale.domain() as [number, number];
    const step = (high - low) / 50;
    const start = value ?? (vertical ? high : low);
    if (event.key === 'ArrowRight' || event.key === 'ArrowUp') set(start + step);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') set(start - step);
    else if (event.key === 'Delete' || event.key === 'Backspace') set(null);
    else return;
    event.preventDefault();
  };
  const [low, high] = scale.domain() as [number, number];
  const label = vertical ? 'Highest cost' : 'Lowest benefit';
  return (
    <g
      ref={group}
      className={classes['budget']}
      data-set={value !== null}
      data-vertical={vertical}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-orientation={vertical ? 'horizontal' : 'vertical'}
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={value ?? (vertical ? high : low)}
      aria-valuetext={value === null ? 'no limit' : format(value)}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.focus();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={drag}
      onDoubleClick={() => set(null)}
    >
      <title>
        {value === null ? `${label}: drag to set a budget` : `${label}: ${format(value)}; double-click to remove`}
      </title>
      {vertical ? (
        <>
          <line x1={at} x2={at} y1={inner.top} y2={inner.bottom} className={classes['limit']} />
          <line x1={at} x2={at} y1={inner.top} y2={inner.bottom} className={classes['grip']} />
          <rect x={at - 4} y={inner.top - 4} width={8} height={14} rx={2} className={classes['handle']} />
        </>
      ) : (
        <>
          <line x1={inner.left} x2={inner.right} y1={at} y2={at} className={classes['limit']} />
          <line x1={inner.left} x2={inner.right} y1={at} y2={at} className={classes['grip']} />
          <rect x={inner.left - 4} y={at - 4} width={14} height={8} rx={2} className={classes['handle']} />
        </>
      )}
      {value !== null && (
        <text
          x={vertical ? at - 6 : inner.left + 14}
          y={vertical ? inner.top + 8 : at - 5}
          textAnchor={vertical ? 'end' : 'start'}
          className={classes['tick']}
        >
          {vertical ? '≤ ' : '≥ '}
          {format(value)}
        </text>
      )}
    </g>
  );
}
