import { metricOf } from '../../main/judge/metrics.ts';
import type { Goodness } from '../../main/judge/predict/metric.ts';

/** The interval as a note under the number; undefined where there is none (a cosine is one number). */
export function goodnessNote({ metric, low, high }: Pick<Goodness, 'metric' | 'low' | 'high'>): string | undefined {
  const { format } = metricOf(metric);
  return low === high ? undefined : `${format(low)} … ${format(high)}`;
}
