/** The search for precisions as Trade-off shows it. Pure. */
import { formatBytes, formatPercent } from '../../../main/judge/format.ts';
import type { SearchFloor, SearchResult } from '../../../main/contract/search.ts';

/** What a search makes least: the cost that is shown, where it can be searched for. */
export type SearchAxis = SearchResult['minimize'];

export type FloorKind = 'accuracy' | 'sqnr';

export interface FloorChoice {
  readonly kind: FloorKind;
  /** Points of accuracy that may be lost, 0…100. */
  readonly points: number;
  /** Least signal over noise of the outputs. */
  readonly decibels: number;
}

/** 0.5 points are a share of 0.005. */
export function floorOf({ kind, points, decibels }: FloorChoice): SearchFloor {
  return kind === 'accuracy' ? { maxDrop: points / 100 } : { minSqnrDb: decibels };
}

/** What came of a search, in one line. */
export function searchText({ trials, best, minimize }: SearchResult): string {
  const found = trials.find(({ id }) => id === best);
  const count = `${trials.length} trial${trials.length === 1 ? '' : 's'}`;
  if (found === undefined) return `None of ${count} keeps that; the points show how near they come.`;
  const cost =
    minimize === 'size' ? formatBytes(found.bytes) : `${formatPercent(found.latency.ratio)} of the float model’s time`;
  return `Best of ${count}: ${cost}.`;
}
