/** The pure view model of the Compare task: metric rows with ratios, layer rows with deltas, the diff filter. */
import { sayComparison } from '../../../main/judge/comparison.ts';
import { formatDb, formatPercent } from '../../../main/judge/format.ts';
import { findMetric } from '../../../main/judge/metrics.ts';
import type { Comparison, MatchedBy } from '../../../main/contract/studio.ts';

type ComparedMetric = Comparison['metrics'][number];
type ComparedLayer = Comparison['layers'][number];

/** One layer, in one or both of the two models. */
export interface CompareRow {
  /** Unique; the name of A's layer where there is one. */
  readonly key: string;
  readonly name: string;
  readonly op: string;
  readonly status: ComparedLayer['status'];
  readonly timeAMs: number | null;
  readonly timeBMs: number | null;
  /** The layer whose time holds this one's, with that time. */
  readonly fusedA: ComparedLayer['fusedA'];
  readonly fusedB: ComparedLayer['fusedB'];
  /** B − A; null where one of them has no time. */
  readonly timeDeltaMs: number | null;
  readonly parametersA: number | null;
  readonly parametersB: number | null;
  readonly parametersDelta: number | null;
  /** Its name in B where that is another. */
  readonly nameB: string | null;
  /** Other layers of B that compute it too. */
  readonly othersB: readonly string[];
  readonly matchedBy: ComparedLayer['matchedBy'];
  /** How far B's weights are from A's. */
  readonly weights: ComparedLayer['weights'];
  readonly changes: readonly string[];
}

/** Layers of a comparison as rows, in its order. */
export function compareRows(comparison: Comparison): CompareRow[] {
  return comparison.layers.map((layer) => ({
    key: layer.status === 'added' ? addedKey(layer.name) : layer.name,
    name: layer.name,
    op: layer.opA === layer.opB || layer.opB === null ? (layer.opA ?? '') : `${layer.opA ?? '–'} → ${layer.opB}`,
    status: layer.status,
    timeAMs: layer.timeAMs,
    timeBMs: layer.timeBMs,
    fusedA: layer.fusedA,
    fusedB: layer.fusedB,
    timeDeltaMs: difference(layer.timeAMs, layer.timeBMs),
    parametersA: layer.parametersA,
    parametersB: layer.parametersB,
    parametersDelta: difference(layer.parametersA, layer.parametersB),
    nameB: layer.nameB,
    othersB: layer.othersB,
    matchedBy: layer.matchedBy,
    weights: layer.weights,
    changes: layer.changes,
  }));
}

/** The key of a layer that only B has: A may have another one of that name. */
export const addedKey = (name: string): string => `\u0000${name}`;

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
    const text = `${row.name} ${row.nameB ?? ''} ${row.op}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The next row that differs, or the one before, round at the ends; null: none differs. @param from place; −1: before all */
export function differenceFrom(rows: readonly CompareRow[], from: number, by: 1 | -1): CompareRow | null {
  const start = from < 0 && by < 0 ? 0 : from;
  for (let step = 1; step <= rows.length; step++) {
    const row = rows[(((start + by * step) % rows.length) + rows.length) % rows.length]!;
    if (row.status !== 'same') return row;
  }
  return null;
}

/** Why two layers are taken for the same one, as said to people. */
export const MATCH_WORDS: Readonly<Record<MatchedBy, string>> = {
  recipe: 'made from it',
  weights: 'the same weights',
  name: 'the same name',
  value: 'the same name of its output',
  structure: 'the same place in the graph',
  order: 'the same order between two that match',
};

/** How far weights are from those that they are compared with. */
export function sayWeights({ relative, sqnrDb, scaled }: NonNullable<CompareRow['weights']>): string {
  const share = relative === null ? '' : `, off by ${formatPercent(relative)}`;
  const factors = scaled ? ', up to a factor for each channel (as a normalization that is folded in brings)' : '';
  return `weights ${formatDb(sqnrDb)}${share}${factors}`;
}

/** How many layers have each status. */
export function countStatuses(rows: readonly CompareRow[]): Record<CompareRow['status'], number> {
  const counts = { same: 0, changed: 0, added: 0, removed: 0 };
  for (const row of rows) counts[row.status] += 1;
  return counts;
}

/** What may be said of B in one metric, in words and with what it rests on; '' where nothing is judged. */
export function sayCompared(row: ComparedMetric): string {
  return sayComparison({ ...row, metric: findMetric(row.id ?? '') });
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

/** A metric's name as people read it. */
export function titleOfMetric({ id, metric }: Pick<ComparedMetric, 'id' | 'metric'>): string {
  return findMetric(id ?? '')?.title ?? metric;
}
