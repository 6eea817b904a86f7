import type { ReactNode } from 'react';
import { formatCount, formatNumber } from '../../main/judge/format.ts';

export interface HistogramProps {
  /** Equal bins from min to max. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] };
  readonly label: string;
  readonly height?: number;
}

/** A small histogram: heights by the square root of the counts, so that thin tails are seen too. */
export function Histogram({ histogram, label, height = 56 }: HistogramProps): ReactNode {
  const { min, max, counts } = histogram;
  const most = counts.reduce((a, b) => Math.max(a, b), 0) || 1;
  const step = (max - min) / counts.length;
  const zero = min < 0 && max > 0 ? (-min / (max - min)) * counts.length : null;
  return (
    <figure style={{ margin: 0 }}>
      <svg
        role="img"
        aria-label={`${label}: ${formatCount(counts.length)} bins from ${formatNumber(min)} to ${formatNumber(max)}`}
        width="100%"
        height={height}
        viewBox={`0 0 ${counts.length} ${height}`}
        preserveAspectRatio="none"
      >
        {counts.map((count, index) => {
          const size = count === 0 ? 0 : Math.max(1, Math.sqrt(count / most) * (height - 1));
          const from = min + index * step;
          return (
            // Bins have no other identity than their place.
            // oxlint-disable-next-line react/no-array-index-key
            <rect
              key={index}
              x={index}
              y={height - size}
              width={0.92}
              height={size}
              fill="var(--mantine-primary-color-filled)"
            >
              <title>{`${formatNumber(from)} … ${formatNumber(from + step)}: ${formatCount(count)}`}</title>
            </rect>
          );
        })}
        {zero !== null && (
          <line
            x1={zero}
            x2={zero}
            y1={0}
            y2={height}
            stroke="var(--lap-muted)"
            strokeDasharray="3 3"
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      <figcaption style={{ display: 'flex', justifyContent: 'space-between' }} className="lap-muted">
        <span>{formatNumber(min)}</span>
        <span>{formatNumber(max)}</span>
      </figcaption>
    </figure>
  );
}
