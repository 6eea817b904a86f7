import type { ReactNode } from 'react';
import classes from './Stat.module.css';

export interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  /** Spread, interval or comparison under the value. */
  readonly note?: ReactNode;
  /** Drawn hollow when the value is only predicted. */
  readonly predicted?: boolean;
}

/** One number with its name. */
export function Stat({ label, value, note, predicted = false }: StatProps): ReactNode {
  return (
    <div className={classes['stat']} data-predicted={predicted}>
      <span className={classes['label']}>{label}</span>
      <span className={classes['value']}>{value}</span>
      {note !== undefined && <span className={classes['note']}>{note}</span>}
    </div>
  );
}
