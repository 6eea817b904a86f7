/** The pure view model of the Compare task: metric rows with ratios, layer rows with deltas, the diff filter. */
import { formatCompact, formatCount, formatMetric, formatPercent } from '../../../main/judge/format.ts';
import type { Comparison } from '../../../main/contract/studio.ts';

type ComparedMetric = Comparison['metrics'][number];
type ComparedLayer = Comparison['layers'][number];

/** One layer, in one or both of the two models. */
export interface CompareRow {
  readonly name: string;
  readonly op: string;
  readonly status: ComparedLayer['status'];
  readonly timeAMs: number | null;
  readonly timeBMs: number | null;
  /** B − A; null where one of them has no time. */
  readonly timeDeltaMs: number | null;
  readonly parametersA: number | null;
  readonly parametersB: number | null;
  readonly parametersDelta: number | null;
  readonly changes: readonly string[];
}

/** Layers of a comparison as rows, in its order. */
export function compareRows(comparison: Comparison): CompareRow[] {
  return comparison.layers.map((layer) => ({
    name: layer.name,
    op: layer.opA === layer.opB || layer.opB === null ? (layer.opA ?? '') : `${layer.opA ?? '–'} → ${layer.opB}`,
    status: layer.status,
    timeAMs: layer.timeAMs,
    timeBMs: layer.timeBMs,
    timeDeltaMs: difference(layer.timeAMs, layer.timeBMs),
    parametersA: layer.parametersA,
    parametersB: layer.parametersB,
    parametersDelta: difference(layer.parametersA, layer.parametersB),
    changes: layer.changes,
  }));
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : b - a;
}

export type CompareFilter = 'different' | 'all' | 'changed' | 'added' | 'removed';

/** Keeps the rows of a filter whose name or operator holds every word of the search. */
export function filterCompareRows(rows: readonly CompareRow[], filter: CompareFilter, search: string): CompareRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (filter === 'different' && row.status === 'same') return false;
    if (filter !== 'different' && filter !== 'all' && row.status !== filter) return false;
    const text = `${row.name} ${row.op}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** How many layers have each status. */
export function countStatuses(rows: readonly CompareRow[]): Record<CompareRow['status'], number> {
  const counts = { same: 0, changed: 0, added: 0, removed: 0 };
  for (const row of rows) counts[row.status] += 1;
  return counts;
}

/** Whether more of a metric is better, less is better, or neither; decides which way a ratio is called good. */
export function betterWhen(metric: string): 'more' | 'less' | 'neither' {
  const name = metric.toLowerCase();
  if (/top-?\s?\d|accuracy|agreement|sqnr|cosine|samples|throughput/u.test(name)) return 'more';
  if (/latency|p50|p90|p99|mean|time|bytes|size|memory|macs|spread/u.test(name)) return 'less';
  return 'neither';
}

export type Verdict = 'better' | 'worse' | 'same' | 'unknown';

/** What a change means; under half a per cent it is the same. */
export function verdictOf({ metric, a, b }: Pick<ComparedMetric, 'metric' | 'a' | 'b'>): Verdict {
  if (a === null || b === null) return 'unknown';
  const scale = Math.max(Math.abs(a), Math.abs(b));
  if (scale === 0 || Math.abs(b - a) / scale < 0.005) return 'same';
  const better = betterWhen(metric);
  if (better === 'neither') return 'unknown';
  return b > a === (better === 'more') ? 'better' : 'worse';
}

/**
 * How strongly a signed change is coloured: −1 the largest decrease, 1 the largest increase among all rows, 0 no change.
 */
export function changeStrength(delta: number, largest: number): number {
  return largest > 0 ? Math.max(-1, Math.min(1, delta / largest)) : 0;
}

/** The largest |delta| among rows; 0 without any. */
export function largestDelta(rows: readonly CompareRow[], of: 'timeDeltaMs' | 'parametersDelta'): number {
  return rows.reduce((largest, row) => Math.max(largest, Math.abs(row[of] ?? 0)), 0);
}

const TITLES: Readonly<Record<string, string>> = { top1: 'Top-1 accuracy', top5: 'Top-5 accuracy' };

/** A metric's name as people read it. */
export function titleOfMetric(metric: string): string {
  return TITLES[metric] ?? metric;
}

/** A compared number with its unit: shares of samples as per cent, bytes and counts in their own ways. */
export function formatCompared(metric: string, value: number | null, unit: string): string {
  if (value === null) return '–';
  if (unit === 'B') return formatMetric(value, 'bytes');
  if (/^top-?\d+$|^agreement$/iu.test(metric)) return formatPercent(value);
  if (metric === 'Layers') return formatCount(value);
  return unit === '' ? formatCompact(value) : formatMetric(value, unit);
}
