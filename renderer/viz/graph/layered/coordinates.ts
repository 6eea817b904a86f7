import { edgesBy } from './ranks.ts';
import type { Levels } from './levels.ts';
import type { Spacing } from './problem.ts';

/** A drawing's ranks seen from one of four corners: first rank first or last, from the left or mirrored. */
interface View {
  readonly items: number;
  readonly rows: readonly Int32Array[];
  readonly size: Float64Array;
  /** Pieces by the vertex at their end on the side of later ranks. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly beforeAt: Float64Array;
  readonly afterAt: Float64Array;
}

/**
 * Places along the ranks: each vertex is put under one of the middle ones of its neighbours, from four corners, and gets the mean of
 * the two middle results. Long lines come out straight. Ports stand exactly over each other where vertices are aligned.
 * Linear time.
 * @returns start of each vertex, least 0
 * @see Brandes, Köpf 2001; Rüegg, Schulze, Carstens, von Hanxleden 2015 for sizes and ports
 */
export function placeAlong(levels: Levels, rows: readonly Int32Array[], spacing: Spacing): Float64Array {
  const layouts: Float64Array[] = [];
  for (const upward of [false, true]) {
    for (const mirrored of [false, true]) {
      const x = placeFrom(viewOf(levels, rows, { upward, mirrored }), spacing);
      layouts.push(mirrored ? x.map((start, vertex) => -start - levels.size[vertex]!) : x);
    }
  }
  return balanced(layouts, levels.size);
}

function viewOf(
  levels: Levels,
  rows: readonly Int32Array[],
  { upward, mirrored }: { readonly upward: boolean; readonly mirrored: boolean },
): View {
  const { size, upper, lower, upperAt, lowerAt } = levels;
  const turned = upward ? rows.toReversed() : rows;
  const mirror = (at: Float64Array, vertex: Int32Array): Float64Array =>
    mirrored ? at.map((distance, piece) => size[vertex[piece]!]! - distance) : at;
  return {
    items: levels.items,
    rows: mirrored ? turned.map((row) => row.toReversed()) : turned,
    size,
    before: upward ? lower : upper,
    after: upward ? upper : lower,
    beforeAt: upward ? mirror(lowerAt, lower) : mirror(upperAt, upper),
    afterAt: upward ? mirror(upperAt, upper) : mirror(lowerAt, lower),
  };
}

function placeFrom(view: View, spacing: Spacing): Float64Array {
  const vertices = view.size.length;
  const place = new Int32Array(vertices);
  for (const row of view.rows) for (let at = 0; at < row.length; at++) place[row[at]!] = at;
  const into = edgesBy(view.after, vertices);
  const blocked = conflicts(view, place, into);
  const root = Int32Array.from({ length: vertices }, (_, vertex) => vertex);
  const last = root.slice();
  /** Start of a vertex from the start of its block's root. */
  const shift = new Float64Array(vertices);
  for (let rank = 1; rank < view.rows.length; rank++) {
    let taken = -1;
    for (const vertex of view.rows[rank]!) {
      const pieces = into.edges.subarray(into.start[vertex], into.start[vertex + 1]);
      if (pieces.length === 0) continue;
      const ends = Array.from(pieces, (piece) => ({ piece, at: endOf(view, place, piece) })).sort(
        (a, b) => a.at - b.at,
      );
      for (const middle of new Set([(ends.length - 1) >> 1, ends.length >> 1])) {
        const { piece } = ends[middle]!;
        const above = view.before[piece]!;
        if (last[root[vertex]!] !== vertex || blocked[piece] === 1 || place[above]! <= taken) continue;
        if (last[root[above]!] !== above) continue;
        root[vertex] = root[above]!;
        last[root[above]!] = vertex;
        shift[vertex] = shift[above]! + view.beforeAt[piece]! - view.afterAt[piece]!;
        taken = place[above]!;
        break;
      }
    }
  }
  const starts = compact(view, { root, shift }, spacing);
  return starts.map((_, vertex) => starts[root[vertex]!]! + shift[vertex]!);
}

function endOf(view: View, place: Int32Array, piece: number): number {
  const above = view.before[piece]!;
  const size = view.size[above]!;
  return place[above]! + (size > 0 ? view.beforeAt[piece]! / size - 0.5 : 0);
}

/** 1 for pieces that cross one between two bends: long lines stay straight, others give way. */
function conflicts(view: View, place: Int32Array, into: ReturnType<typeof edgesBy>): Uint8Array {
  const blocked = new Uint8Array(view.before.length);
  const { items } = view;
  for (let rank = 1; rank < view.rows.length; rank++) {
    const row = view.rows[rank]!;
    const width = view.rows[rank - 1]!.length;
    let from = 0;
    let scanned = 0;
    for (let at = 0; at < row.length; at++) {
      const inner = innerPiece(row[at]!, view, into);
      if (inner < 0 && at < row.length - 1) continue;
      const to = inner < 0 ? width : place[view.before[inner]!]!;
      for (; scanned <= at; scanned++) {
        const vertex = row[scanned]!;
        for (let index = into.start[vertex]!; index < into.start[vertex + 1]!; index++) {
          const piece = into.edges[index]!;
          const above = view.before[piece]!;
          const inside = vertex >= items && above >= items;
          if (!inside && (place[above]! < from || place[above]! > to)) blocked[piece] = 1;
        }
      }
      from = inner < 0 ? from : to;
    }
  }
  return blocked;
}

/** The piece from a bend into a bend; −1: there is none. */
function innerPiece(vertex: number, view: View, into: ReturnType<typeof edgesBy>): number {
  if (vertex < view.items) return -1;
  for (let index = into.start[vertex]!; index < into.start[vertex + 1]!; index++) {
    const piece = into.edges[index]!;
    if (view.before[piece]! >= view.items) return piece;
  }
  return -1;
}

interface Blocks {
  readonly root: Int32Array;
  readonly shift: Float64Array;
}

/**
 * Starts of the blocks' roots: as far left as their neighbours allow, then as far right as the ones after them allow.
 * Longest paths over the blocks, whose order is free of cycles because aligned pieces do not cross.
 */
function compact(view: View, { root, shift }: Blocks, spacing: Spacing): Float64Array {
  const vertices = root.length;
  const from: number[] = [];
  const to: number[] = [];
  const apart: number[] = [];
  for (const row of view.rows) {
    for (let at = 0; at + 1 < row.length; at++) {
      const left = row[at]!;
      const right = row[at + 1]!;
      const gap = left < view.items && right < view.items ? spacing.items : spacing.lines;
      from.push(root[left]!);
      to.push(root[right]!);
      apart.push(shift[left]! + view.size[left]! + gap - shift[right]!);
    }
  }
  const out = edgesBy(Int32Array.from(from), vertices);
  const order = blockOrder(root, to, out);
  const start = new Float64Array(vertices);
  const reached = new Uint8Array(vertices);
  for (const block of order) {
    for (let index = out.start[block]!; index < out.start[block + 1]!; index++) {
      const edge = out.edges[index]!;
      const next = to[edge]!;
      const least = start[block]! + apart[edge]!;
      if (reached[next] === 0 || least > start[next]!) start[next] = least;
      reached[next] = 1;
    }
  }
  for (let at = order.length - 1; at >= 0; at--) {
    const block = order[at]!;
    let most = Infinity;
    for (let index = out.start[block]!; index < out.start[block + 1]!; index++) {
      const edge = out.edges[index]!;
      most = Math.min(most, start[to[edge]!]! - apart[edge]!);
    }
    if (most < Infinity) start[block] = Math.max(start[block]!, most);
  }
  return start;
}

function blockOrder(root: Int32Array, to: readonly number[], out: ReturnType<typeof edgesBy>): readonly number[] {
  const waiting = new Int32Array(root.length);
  for (const block of to) waiting[block]!++;
  const order: number[] = [];
  for (let block = 0; block < root.length; block++)
    if (root[block] === block && waiting[block] === 0) order.push(block);
  for (let at = 0; at < order.length; at++) {
    const block = order[at]!;
    for (let index = out.start[block]!; index < out.start[block + 1]!; index++) {
      const next = to[out.edges[index]!]!;
      if (--waiting[next]! === 0) order.push(next);
    }
  }
  return order;
}

/** The four results laid over the narrowest, and for each vertex the mean of the two middle ones; least 0. */
function balanced(layouts: readonly Float64Array[], size: Float64Array): Float64Array {
  const bounds = layouts.map((x) => {
    let least = Infinity;
    let most = -Infinity;
    for (let vertex = 0; vertex < x.length; vertex++) {
      least = Math.min(least, x[vertex]!);
      most = Math.max(most, x[vertex]! + size[vertex]!);
    }
    return { least, most };
  });
  const narrowest = bounds.reduce((a, b) => (b.most - b.least < a.most - a.least ? b : a));
  const shifts = bounds.map(({ least, most }, index) =>
    index % 2 === 0 ? narrowest.least - least : narrowest.most - most,
  );
  const four = new Float64Array(4);
  const x = size.map((_, vertex) => {
    for (let index = 0; index < 4; index++) four[index] = layouts[index]![vertex]! + shifts[index]!;
    four.sort();
    return (four[1]! + four[2]!) / 2;
  });
  const least = x.reduce((a, b) => Math.min(a, b), Infinity);
  return x.map((start) => start - least);
}
