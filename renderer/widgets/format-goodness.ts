import { formatPercent } from '../../main/judge/format.ts';
import type { Goodness } from '../../main/judge/predict/metric.ts';

/** A model's goodness as people read it: shares of samples as per cent, a cosine with four decimals. */
export function formatGoodness(metric: Goodness['metric'], value: number): string {
  return metric === 'cosine' ? value.toFixed(4) : formatPercent(value);
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
