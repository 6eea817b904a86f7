import type { KeyboardEvent, ReactNode } from 'react';
import type { LabelPlace } from '../labels.ts';
import type { TradeoffPoint } from '../model.ts';
import type { PlotArea, PlotScale } from './plot-area.ts';
import classes from './Scatter.module.css';

export interface PointMarkProps {
  readonly point: TradeoffPoint;
  readonly x: PlotScale;
  readonly y: PlotScale;
  readonly inner: PlotArea;
  readonly shown: boolean;
  /** Does not meet the budget. */
  readonly dim: boolean;
  /** The name to draw, and where; null: there is no room. */
  readonly label: string;
  readonly place: LabelPlace | null;
  /** The two numbers in words. */
  readonly text: string;
  readonly onOpen: (compare: boolean) => void;
}

/** One trial: a disc when measured, a ring with ≈ when predicted, a diamond for the baseline; bars for the uncertainty. */
export function PointMark({ point, x, y, inner, shown, dim, label, place, text, onOpen }: PointMarkProps): ReactNode {
  const cx = x(point.cost);
  const cy = y(point.benefit);
  const clampX = (value: number): number => Math.min(Math.max(x(value), inner.left), inner.right);
  const clampY = (value: number): number => Math.min(Math.max(y(value), inner.top), inner.bottom);
  const kind = point.predicted ? 'predicted' : point.baseline ? 'baseline' : 'measured';
  return (
    <g
      className={classes['point']}
      data-kind={kind}
      data-front={point.onFront}
      data-dim={dim}
      role="button"
      tabIndex={0}
      aria-label={`${point.name}: ${point.predicted ? 'predicted ' : ''}${text}${point.onFront ? ', on the front' : ''}`}
      aria-pressed={shown}
      onClick={(event) => onOpen(event.shiftKey)}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onOpen(event.shiftKey);
      }}
    >
      <title>{`${point.name}\n${point.predicted ? '≈ ' : ''}${text}${point.predicted ? ' (predicted)' : ''}`}</title>
      <line
        x1={clampX(point.costRange.low)}
        x2={clampX(point.costRange.high)}
        y1={cy}
        y2={cy}
        className={classes['error']}
      />
      <line
        x1={cx}
        x2={cx}
        y1={clampY(point.benefitRange.low)}
        y2={clampY(point.benefitRange.high)}
        className={classes['error']}
      />
      {shown && <circle cx={cx} cy={cy} r={10} className={classes['halo']} />}
      {kind === 'baseline' ? (
        <path d={`M${cx},${cy - 7}L${cx + 7},${cy}L${cx},${cy + 7}L${cx - 7},${cy}Z`} className={classes['mark']} />
      ) : (
        <circle cx={cx} cy={cy} r={5.5} className={classes['mark']} />
      )}
      <circle cx={cx} cy={cy} r={13} fill="transparent" />
      {place !== null && (
        <text x={place.x} y={place.y} textAnchor={place.anchor} className={classes['name']}>
          {label}
        </text>
      )}
    </g>
  );
}
