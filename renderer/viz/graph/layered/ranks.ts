import { AFTER_ALL, BEFORE_ALL, FIRST, LAST } from './problem.ts';
import type { LayeredProblem } from './problem.ts';

export interface Ranks {
  /** Rank of each item, from 0. */
  readonly rank: Int32Array;
  readonly count: number;
  /** 1: the edge runs against the ranks (it closes a cycle). */
  readonly reversed: Uint8Array;
}

/** Lists of edges by item: those of item i are `edges[start[i]] … edges[start[i + 1] - 1]`. */
export interface EdgeLists {
  readonly start: Int32Array;
  readonly edges: Int32Array;
}

/** Edges by the item at one of their ends, in the order of the edges. */
export function edgesBy(ends: Int32Array, items: number): EdgeLists {
  const start = new Int32Array(items + 1);
  for (const item of ends) start[item + 1]!++;
  for (let item = 0; item < items; item++) start[item + 1]! += start[item]!;
  const next = start.slice();
  const edges = new Int32Array(ends.length);
  for (let edge = 0; edge < ends.length; edge++) edges[next[ends[edge]!]!++] = edge;
  return { start, edges };
}

/**
 * A rank for each item so that every edge, but those that close a cycle, leads to a higher one: longest paths from the sources,
 * then items with more lines going out than coming in are moved down to what they feed. Linear time.
 * @see Eades, Sugiyama 1990 (longest path); Gansner et al. 1993, §2 on why short edges matter
 */
export function rankItems(problem: LayeredProblem): Ranks {
  const items = problem.along.length;
  const out = edgesBy(problem.from, items);
  const reversed = closingEdges(problem, out);
  const tails = problem.from.map((from, edge) => (reversed[edge] === 1 ? problem.to[edge]! : from));
  const heads = problem.to.map((to, edge) => (reversed[edge] === 1 ? problem.from[edge]! : to));
  const down = edgesBy(tails, items);
  const up = edgesBy(heads, items);
  const order = topologicalOrder(heads, down, up);
  const rank = new Int32Array(items);
  for (const item of order) {
    for (let at = down.start[item]!; at < down.start[item + 1]!; at++) {
      const head = heads[down.edges[at]!]!;
      rank[head] = Math.max(rank[head]!, rank[item]! + 1);
    }
  }
  pullDown(rank, { problem, order, heads, down, up });
  return { ...separated(rank, problem.place), reversed };
}

/** Edges that lead back to an item on the way to their own start, when the items are followed in their order. */
function closingEdges({ to, along }: LayeredProblem, out: EdgeLists): Uint8Array {
  const closing = new Uint8Array(to.length);
  const state = new Uint8Array(along.length);
  const next = out.start.slice();
  const path: number[] = [];
  for (let root = 0; root < along.length; root++) {
    if (state[root] !== 0) continue;
    state[root] = 1;
    path.push(root);
    while (path.length > 0) {
      const item = path.at(-1)!;
      if (next[item] === out.start[item + 1]) {
        state[item] = 2;
        path.pop();
        continue;
      }
      const edge = out.edges[next[item]!++]!;
      const head = to[edge]!;
      if (state[head] === 1) closing[edge] = 1;
      else if (state[head] === 0) {
        state[head] = 1;
        path.push(head);
      }
    }
  }
  return closing;
}

function topologicalOrder(heads: Int32Array, down: EdgeLists, up: EdgeLists): Int32Array {
  const items = down.start.length - 1;
  const waiting = new Int32Array(items);
  const order = new Int32Array(items);
  let end = 0;
  for (let item = 0; item < items; item++) {
    waiting[item] = up.start[item + 1]! - up.start[item]!;
    if (waiting[item] === 0) order[end++] = item;
  }
  for (let at = 0; at < end; at++) {
    const item = order[at]!;
    for (let index = down.start[item]!; index < down.start[item + 1]!; index++) {
      const head = heads[down.edges[index]!]!;
      if (--waiting[head]! === 0) order[end++] = head;
    }
  }
  return order;
}

/** More inputs or outputs of the graph than this stay beside what reads or makes them. */
const FEW = 8;

interface Pull {
  readonly problem: LayeredProblem;
  readonly order: Int32Array;
  readonly heads: Int32Array;
  readonly down: EdgeLists;
  readonly up: EdgeLists;
}

function pullDown(rank: Int32Array, { problem, order, heads, down, up }: Pull): void {
  const held = problem.place.filter((place) => place === FIRST).length <= FEW ? FIRST : -1;
  for (let at = order.length - 1; at >= 0; at--) {
    const item = order[at]!;
    const place = problem.place[item]!;
    if (place === held || place === BEFORE_ALL) continue;
    const into = up.start[item + 1]! - up.start[item]!;
    const away = down.start[item + 1]! - down.start[item]!;
    if (away <= into) continue;
    let lowest = Infinity;
    for (let index = down.start[item]!; index < down.start[item + 1]!; index++) {
      lowest = Math.min(lowest, rank[heads[down.edges[index]!]!]! - 1);
    }
    rank[item] = lowest;
  }
  const last = rank.reduce((most, one, item) => (problem.place[item] === AFTER_ALL ? most : Math.max(most, one)), 0);
  const outputs = problem.place.filter((place) => place === LAST).length;
  if (outputs <= FEW)
    for (let item = 0; item < rank.length; item++) if (problem.place[item] === LAST) rank[item] = last;
}

/** Room before and after all for the items that want a rank of their own there; ranks from 0 without holes at the start. */
function separated(rank: Int32Array, place: Uint8Array): { readonly rank: Int32Array; readonly count: number } {
  let least = Infinity;
  let most = -Infinity;
  let before = 0;
  let after = 0;
  for (let item = 0; item < rank.length; item++) {
    if (place[item] === BEFORE_ALL) before = 1;
    else if (place[item] === AFTER_ALL) after = 1;
    else {
      least = Math.min(least, rank[item]!);
      most = Math.max(most, rank[item]!);
    }
  }
  if (most < least) {
    least = 0;
    most = -1;
  }
  const moved = rank.map((one, item) =>
    place[item] === BEFORE_ALL ? 0 : place[item] === AFTER_ALL ? most - least + 1 + before : one - least + before,
  );
  return { rank: moved, count: most - least + 1 + before + after };
}
