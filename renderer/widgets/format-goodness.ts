import { metricOf } from '../../main/judge/metrics.ts';
import type { Goodness } from '../../main/judge/predict/metric.ts';

/** A model's goodness as people read it: in its metric’s own format. */
export function formatGoodness(metric: Goodness['metric'], value: number): string {
  return metricOf(metric).format(value);
}

/** The interval as a note under the number; undefined where there is none (a cosine is one number). */
export function goodnessNote(goodness: {
  readonly metric: Goodness['metric'];
  readonly low: number;
  readonly high: number;
}): string | undefined {
  const { metric, low, high } = goodness;
  return low === high ? undefined : `${formatGoodness(metric, low)} … ${formatGoodness(metric, high)}`;
}
