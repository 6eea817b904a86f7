import { useComputedColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { harmMap } from '../../viz/color-maps.ts';
import { heatWords, type HeatCell } from '../../viz/heat/heat-table.ts';
import type { PlacedScale } from '../../viz/heat/heat-scale.ts';
import classes from './Heat.module.css';
import type { Heat } from './use-heat.ts';

const STOPS = 9;

interface HeatLegendProps {
  readonly heat: Heat;
  /** The cell that is pointed at, or the keyboard's; it is told in words. */
  readonly cell: HeatCell | null;
  readonly markedWords?: string | undefined;
}

/** What the colours mean, best at the left and worst at the right, and the number that is pointed at. */
export function HeatLegend({ heat, cell, markedWords }: HeatLegendProps): ReactNode {
  const scheme = useComputedColorScheme('light');
  const own = cell === null ? undefined : heat.scales[cell.column];
  const scales = [...new Set(heat.scales.filter((_, at) => heat.table.columns[at]?.plain === undefined))];
  const scale = own ?? (scales.length === 1 ? scales[0] : undefined);
  const stops = Array.from({ length: STOPS }, (_, at) => harmMap[scheme](at / (STOPS - 1))).join(', ');
  return (
    <div className={classes['legend']}>
      <span>{scale === undefined ? 'best of its column' : `best ${scale.scale.format(scale.valueAt(0))}`}</span>
      <span className={classes['ramp']} style={{ background: `linear-gradient(to right, ${stops})` }} aria-hidden />
      <span>{scale === undefined ? 'worst' : `${scale.scale.format(scale.valueAt(1))} worst`}</span>
      {scale !== undefined && <span className={`lap-muted ${classes['hint']}`}>{kindWords(scale)}</span>}
      {markedWords !== undefined && <span className={`lap-muted ${classes['hint']}`}>outlined: {markedWords}</span>}
      <span className={classes['pointed']}>{cell === null ? '' : heatWords(heat.table, cell)}</span>
    </div>
  );
}

function kindWords({ title, kind }: PlacedScale): string {
  return kind === 'log' ? `${title}, logarithmic` : title;
}
