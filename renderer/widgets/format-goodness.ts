import { formatPercent } from '../design/format.ts';
import type { Goodness } from '../predict/metric.ts';

/** A model's goodness as people read it: shares of samples as per cent, a cosine with four decimals. */
export function formatGoodness(metric: Goodness['metric'], value: number): string {
  return metric === 'cosine' ? value.toFixed(4) : formatPercent(value);
}
