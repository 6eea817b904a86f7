/** Places on the grid of magnitudes of a plan, and what lies below them. */
import type { PrunePlan } from '../../contract/studio.ts';
import { magnitudesOf, placeOfBin, type Magnitudes } from './magnitudes.ts';

export type PlanLayer = PrunePlan['layers'][number];

/**
 * A share (0…1) of the way from `edges[bin − 1]` to `edges[bin]`; bin 0 is the edge 0 itself.
 */
export interface GridPlace {
  readonly bin: number;
  readonly fraction: number;
}

/** Below it lies nothing but zeros. */
export const UNTOUCHED: GridPlace = { bin: 0, fraction: 1 };

/**
 * The place at which `target` weights lie below, by binary search in a cumulative count.
 * @param countAt non-decreasing cumulative count at edge `i`
 */
export function placeOf(countAt: (edge: number) => number, edgeCount: number, target: number): GridPlace {
  if (countAt(0) >= target) return UNTOUCHED;
  let low = 0;
  let high = edgeCount - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (countAt(middle) >= target) high = middle;
    else low = middle;
  }
  const below = countAt(low);
  const inBin = countAt(high) - below;
  return { bin: high, fraction: inBin > 0 ? Math.min(1, (target - below) / inBin) : 1 };
}

/** The magnitude at a place. */
export function magnitudeAt({ bin, fraction }: GridPlace, edges: Float64Array): number {
  if (bin === 0) return 0;
  const below = edges[bin - 1]!;
  return below + (edges[bin]! - below) * fraction;
}

/** How many weights of a layer lie at or below an edge, for any edge. */
export function countBelow(layer: PlanLayer, edges: Float64Array): (edge: number) => number {
  const magnitudes = magnitudesOf(layer, edges);
  return (edge) => atEdge(magnitudes.cumulative, magnitudes, edge);
}

/** A cumulative column of a layer at an edge of the grid. */
export function atEdge(column: Uint32Array | Float64Array, magnitudes: Magnitudes, edge: number): number {
  return column[placeOfBin(magnitudes, edge)]!;
}

/** The same between two edges, linear within the bin. */
export function readAt(column: Uint32Array | Float64Array, magnitudes: Magnitudes, place: GridPlace): number {
  const at = atEdge(column, magnitudes, place.bin);
  if (place.bin === 0) return at;
  const below = atEdge(column, magnitudes, place.bin - 1);
  return below + (at - below) * place.fraction;
}
