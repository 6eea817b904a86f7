import type { ReactNode } from 'react';
import type { Latency } from '../../../../main/contract/results.ts';
import { formatMs } from '../../../../main/judge/format.ts';
import classes from './LatencyHistogram.module.css';

const WIDTH = 600;
const HEIGHT = 44;

/**
 * The unprofiled runs' times: a histogram where the runs' bins are kept, with p50, p90 and p99 marked; without bins the
 * marks alone on the line from fastest to slowest.
 */
export function LatencyHistogram({ latency }: { readonly latency: Latency }): ReactNode {
  const min = latency.minMs;
  const max = latency.histogram?.max ?? latency.maxMs;
  const span = max - min || 1;
  const x = (ms: number): number => ((ms - min) / span) * WIDTH;
  const counts = latency.histogram?.counts ?? [];
  const highest = Math.max(1, ...counts);
  const slower = counts.length === 0 ? 0 : latency.runs - counts.reduce((sum, count) => sum + count, 0);
  const marks = [
    { name: 'p50', ms: latency.p50Ms },
    { name: 'p90', ms: latency.p90Ms },
    { name: 'p99', ms: latency.p99Ms },
  ];
  const text = marks.map(({ name, ms }) => `${name} ${formatMs(ms)}`).join(', ');
  return (
    <figure className={classes['figure']}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className={classes['plot']}
        role="img"
        aria-label={`Distribution of ${latency.runs} runs from ${formatMs(min)} to ${formatMs(latency.maxMs)}: ${text}`}
      >
        {counts.map((count, bin) => {
          const height = (count / highest) * (HEIGHT - 6);
          const width = WIDTH / counts.length;
          return (
            <rect
              key={bin}
              x={bin * width}
              y={HEIGHT - height}
              width={Math.max(0.5, width - 0.5)}
              height={height}
              className={classes['bin']}
            />
          );
        })}
        <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} className={classes['axis']} />
        {marks
          .filter(({ ms }) => ms <= max)
          .map(({ name, ms }) => (
            <line key={name} x1={x(ms)} x2={x(ms)} y1={0} y2={HEIGHT} className={classes['mark']} />
          ))}
      </svg>
      <figcaption className={classes['caption']}>
        <span>{formatMs(min)}</span>
        <span>{text}</span>
        <span>
          {slower > 0 ? `${slower} slower runs, up to ` : ''}
          {formatMs(latency.maxMs)}
        </span>
      </figcaption>
    </figure>
  );
}
