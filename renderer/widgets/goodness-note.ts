import { metricOf } from '../../main/judge/metrics.ts';
import type { Goodness } from '../../main/judge/predict/metric.ts';

/** The interval as a note under the number; undefined where there is none (a cosine is one number). */
export function goodnessNote({ metric, low, high }: Pick<Goodness, 'metric' | 'low' | 'high'>): string | undefined {
  const { format } = metricOf(metric);
  return low === high ? undefined : `${format(low)} … ${format(high)}`;
}

/** What stands in place of an accuracy that nothing is known of, and what would change that. */
export function missingGoodness({ data, labels }: { readonly data: boolean; readonly labels: boolean }): {
  readonly missing: string;
  readonly note: string;
} {
  if (!data) return { missing: 'no data chosen', note: 'choose data' };
  return { missing: 'not measured', note: labels ? 'measure the baseline on these data' : 'the data have no labels' };
}
