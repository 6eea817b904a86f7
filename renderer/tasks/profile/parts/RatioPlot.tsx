import type { ReactNode } from 'react';
import classes from './RatioPlot.module.css';

interface RatioPlotProps {
  readonly ratio: { readonly value: number; readonly low: number | null; readonly high: number | null };
  /** Ends of the logarithmic scale; it holds 1. */
  readonly scale: readonly [number, number];
}

/** A ratio with its interval around the line of no change; full where the interval leaves out that line, else hollow. */
export function RatioPlot({ ratio: { value, low, high }, scale: [least, most] }: RatioPlotProps): ReactNode {
  const x = (at: number): string => {
    const share = Math.log(Math.min(Math.max(at, least), most) / least) / Math.log(most / least);
    return `${(2 + 96 * share).toFixed(2)}%`;
  };
  const sure = low !== null && high !== null && (high < 1 || low > 1);
  return (
    <svg width="100%" height={18} className={classes['plot']} aria-hidden>
      <line x1={x(1)} x2={x(1)} y1={0} y2={18} className={classes['one']} />
      {low !== null && high !== null && <line x1={x(low)} x2={x(high)} y1={9} y2={9} className={classes['interval']} />}
      <circle cx={x(value)} cy={9} r={4} className={classes['point']} data-sure={sure} />
    </svg>
  );
}
