import { edgesBy } from './ranks.ts';
import type { EdgeLists } from './ranks.ts';
import type { Levels } from './levels.ts';

/** Rounds of sweeps: the first are worth most. Beyond these numbers of pieces the later ones cost more than they bring. */
const ROUNDS = [
  { pieces: 600, rounds: 40 },
  { pieces: 4000, rounds: 12 },
  { pieces: 20_000, rounds: 4 },
] as const;

interface Sides {
  /** Pieces above each vertex, and below it. */
  readonly above: EdgeLists;
  readonly below: EdgeLists;
}

/**
 * Orders the vertices of each rank so that few lines cross: sweeps down and up by the mean place of the neighbours, then
 * neighbours swapped where that helps; the best order met is kept. Starts from the given order, so that equal graphs give
 * equal drawings and graphs in file order stay as they are where nothing crosses.
 * @returns vertices of each rank in order
 * @see Sugiyama, Tagawa, Toda 1981; Gansner et al. 1993, §3
 */
export function orderRows(levels: Levels): readonly Int32Array[] {
  const vertices = levels.rank.length;
  const sides: Sides = { above: edgesBy(levels.lower, vertices), below: edgesBy(levels.upper, vertices) };
  const rows = levels.rows.map((row) => row.slice());
  const place = new Float64Array(vertices);
  for (const row of rows) number(row, place);
  if (rows.every((row) => row.length < 2)) return rows;
  const rounds = ROUNDS.find(({ pieces }) => levels.upper.length <= pieces)?.rounds ?? 2;
  const swaps = levels.upper.length <= ROUNDS[1].pieces;
  let best = rows.map((row) => row.slice());
  let fewest = countCrossings(levels, rows, place, sides);
  for (const bottomFirst of rounds > 4 ? [false, true] : [false]) {
    for (const [rank, row] of levels.rows.entries()) rows[rank]!.set(row);
    for (const row of rows) number(row, place);
    for (let round = 0, idle = 0; round < rounds && fewest > 0 && idle < 6; round++, idle++) {
      // Equal means are turned around in every other round: what is level on one side may be better so on the other.
      sweep(rows, levels, place, { sides, down: bottomFirst === (round % 2 === 1), turnEqual: round % 4 > 1 });
      if (swaps) for (const row of rows) swapNeighbours(row, levels, place, sides);
      const crossings = countCrossings(levels, rows, place, sides);
      if (crossings >= fewest) continue;
      fewest = crossings;
      best = rows.map((row) => row.slice());
      idle = -1;
    }
  }
  return best;
}

interface Sweep {
  readonly sides: Sides;
  readonly down: boolean;
  readonly turnEqual: boolean;
}

function sweep(
  rows: readonly Int32Array[],
  levels: Levels,
  place: Float64Array,
  { sides, down, turnEqual }: Sweep,
): void {
  const side = down ? sides.above : sides.below;
  for (let step = 1; step < rows.length; step++) {
    arrange(rows[down ? step : rows.length - 1 - step]!, levels, place, { side, up: down, turnEqual });
  }
}

function number(row: Int32Array, place: Float64Array): void {
  for (let at = 0; at < row.length; at++) place[row[at]!] = at;
}

/** Where a piece meets a vertex, in places: items are one wide, whatever their size. */
function endAt(place: Float64Array, size: Float64Array, vertex: number, at: number): number {
  const extent = size[vertex]!;
  return place[vertex]! + (extent > 0 ? at / extent - 0.5 : 0);
}

/** Sorts a rank by the mean place of what its vertices are joined to on one side; those without stay where they are. */
function arrange(
  row: Int32Array,
  levels: Levels,
  place: Float64Array,
  { side, up, turnEqual }: { readonly side: EdgeLists; readonly up: boolean; readonly turnEqual: boolean },
): void {
  const others = up ? levels.upper : levels.lower;
  const ats = up ? levels.upperAt : levels.lowerAt;
  const slots: number[] = [];
  const joined: { vertex: number; mean: number; was: number }[] = [];
  for (let at = 0; at < row.length; at++) {
    const vertex = row[at]!;
    const start = side.start[vertex]!;
    const end = side.start[vertex + 1]!;
    if (start === end) continue;
    let sum = 0;
    for (let index = start; index < end; index++) {
      const piece = side.edges[index]!;
      sum += endAt(place, levels.size, others[piece]!, ats[piece]!);
    }
    slots.push(at);
    joined.push({ vertex, mean: sum / (end - start), was: at });
  }
  joined.sort((a, b) => a.mean - b.mean || (turnEqual ? b.was - a.was : a.was - b.was));
  for (let at = 0; at < slots.length; at++) row[slots[at]!] = joined[at]!.vertex;
  number(row, place);
}

/** Swaps neighbours in a rank while that takes away crossings, a few times. */
function swapNeighbours(row: Int32Array, levels: Levels, place: Float64Array, sides: Sides): void {
  for (let round = 0, better = true; better && round < 3; round++) {
    better = false;
    for (let at = 0; at + 1 < row.length; at++) {
      const left = row[at]!;
      const right = row[at + 1]!;
      const now = pairCrossings(left, right, levels, place, sides);
      if (now === 0 || pairCrossings(right, left, levels, place, sides) >= now) continue;
      row[at] = right;
      row[at + 1] = left;
      place[right] = at;
      place[left] = at + 1;
      better = true;
    }
  }
}

/** Crossings between the pieces of two neighbours with `first` before `second`. */
function pairCrossings(first: number, second: number, levels: Levels, place: Float64Array, sides: Sides): number {
  let count = 0;
  const sideCount = (lists: EdgeLists, others: Int32Array, ats: Float64Array): void => {
    for (let i = lists.start[first]!; i < lists.start[first + 1]!; i++) {
      const one = lists.edges[i]!;
      const oneAt = endAt(place, levels.size, others[one]!, ats[one]!);
      for (let j = lists.start[second]!; j < lists.start[second + 1]!; j++) {
        const two = lists.edges[j]!;
        if (oneAt > endAt(place, levels.size, others[two]!, ats[two]!)) count++;
      }
    }
  };
  sideCount(sides.above, levels.upper, levels.upperAt);
  sideCount(sides.below, levels.lower, levels.lowerAt);
  return count;
}

/** All crossings of pieces, by inversions counted in a Fenwick tree. @see Barth, Mutzel, Jünger 2004 */
function countCrossings(levels: Levels, rows: readonly Int32Array[], place: Float64Array, { below }: Sides): number {
  let total = 0;
  for (let rank = 0; rank + 1 < rows.length; rank++) {
    const ends: { up: number; low: number }[] = [];
    for (const vertex of rows[rank]!) {
      for (let index = below.start[vertex]!; index < below.start[vertex + 1]!; index++) {
        const piece = below.edges[index]!;
        ends.push({
          up: endAt(place, levels.size, vertex, levels.upperAt[piece]!),
          low: endAt(place, levels.size, levels.lower[piece]!, levels.lowerAt[piece]!),
        });
      }
    }
    if (ends.length > 1) total += inversions(ends);
  }
  return total;
}

function inversions(ends: { up: number; low: number }[]): number {
  const lows = [...new Set(ends.map(({ low }) => low))].sort((a, b) => a - b);
  const numbers = new Map(lows.map((low, index) => [low, index + 1]));
  ends.sort((a, b) => a.up - b.up || a.low - b.low);
  const tree = new Int32Array(lows.length + 1);
  let count = 0;
  for (let at = 0; at < ends.length; at++) {
    const number = numbers.get(ends[at]!.low)!;
    let before = 0;
    for (let node = number; node > 0; node -= node & -node) before += tree[node]!;
    count += at - before;
    for (let node = number; node <= lows.length; node += node & -node) tree[node]!++;
  }
  return count;
}

/** Crossings of pieces between ranks with the rows in this order; for tests and comparisons. */
export function crossingsOf(levels: Levels, rows: readonly Int32Array[]): number {
  const vertices = levels.rank.length;
  const place = new Float64Array(vertices);
  for (const row of rows) number(row, place);
  return countCrossings(levels, rows, place, {
    above: edgesBy(levels.lower, vertices),
    below: edgesBy(levels.upper, vertices),
  });
}
