import type { ReactElement, ReactNode } from 'react';
import { ResponsiveContainer } from 'recharts';

interface ChartProps {
  /** What it shows, for screen readers; the numbers are also in a table. */
  readonly label: string;
  /** img: it is looked at; group: its marks are controls. */
  readonly role?: 'img' | 'group';
  /** Pixels; absent: all the room there is. */
  readonly height?: number;
  /** A chart of recharts. */
  readonly children: ReactElement;
}

/** The frame of every chart: takes the room it is given and has a name. */
export function Chart({ label, role = 'img', height, children }: ChartProps): ReactNode {
  return (
    <div
      role={role}
      aria-label={label}
      style={{ width: '100%', height: height ?? '100%', flex: height === undefined ? '1 1 0' : 'none', minHeight: 0 }}
    >
      <ResponsiveContainer width="100%" height="100%">
        {children}
      </ResponsiveContainer>
    </div>
  );
}
