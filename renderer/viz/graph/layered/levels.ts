import type { LayeredProblem } from './problem.ts';
import type { Ranks } from './ranks.ts';

/**
 * The graph with every line cut where it passes a rank: vertices are the items and, after them, a bend for each rank that a
 * line passes. Lines of one value from one item share their bends, so that their number grows with the length of the longest,
 * not with the sum of all (a mask read in 400 layers).
 */
export interface Levels {
  readonly items: number;
  /** Rank of each vertex. */
  readonly rank: Int32Array;
  /** Vertices of each rank in file order. */
  readonly rows: readonly Int32Array[];
  /** Extent along; 0 for bends. */
  readonly size: Float64Array;
  /** Pieces of lines between vertices of ranks that follow each other. */
  readonly upper: Int32Array;
  readonly lower: Int32Array;
  /** Where a piece meets its vertices, from their starts. */
  readonly upperAt: Float64Array;
  readonly lowerAt: Float64Array;
  /** For each edge its bends from the upper end to the lower; for one that runs against the ranks from its end to its start. */
  readonly bends: readonly (readonly number[])[];
}

/** Cuts lines at ranks. Linear in items, edges and bends. */
export function cutLines(problem: LayeredProblem, { rank, count, reversed }: Ranks): Levels {
  const items = problem.along.length;
  const cut = new Cutter(problem, rank);
  const lines = new Map<string, number[]>();
  const bends: (readonly number[])[] = [];
  for (let edge = 0; edge < problem.from.length; edge++) {
    if (reversed[edge] === 1) {
      bends.push(cut.around(edge));
      continue;
    }
    const key = `${problem.from[edge]}:${problem.value[edge]}`;
    const known = lines.get(key);
    const line = known ?? [];
    if (known === undefined) lines.set(key, line);
    bends.push(cut.along(edge, line));
  }
  return cut.finish(items, count, bends);
}

class Cutter {
  readonly #problem: LayeredProblem;
  readonly #itemRank: Int32Array;
  readonly #bendRank: number[] = [];
  /** Bends stand behind the item that their line comes from. */
  readonly #bendOrder: number[] = [];
  readonly #pieces: { upper: number; lower: number; upperAt: number; lowerAt: number }[] = [];

  constructor(problem: LayeredProblem, rank: Int32Array) {
    this.#problem = problem;
    this.#itemRank = rank;
  }

  /** The bends of an edge that runs with the ranks: those of its line, which is made longer where it must. */
  along(edge: number, line: number[]): readonly number[] {
    const { from, to, fromAt, toAt } = this.#problem;
    const source = from[edge]!;
    const first = this.#itemRank[source]! + 1;
    const bends = this.#itemRank[to[edge]!]! - first;
    while (line.length < bends) {
      const upper = line.at(-1);
      const bend = this.#bend(first + line.length, source);
      this.#piece(upper ?? source, bend, upper === undefined ? fromAt[edge]! : 0, 0);
      line.push(bend);
    }
    const last = bends === 0 ? undefined : line[bends - 1];
    this.#piece(last ?? source, to[edge]!, last === undefined ? fromAt[edge]! : 0, toAt[edge]!);
    return line.slice(0, bends);
  }

  /** The bends of an edge that runs against the ranks, from beside its end down to beside its start. */
  around(edge: number): readonly number[] {
    const { from, to } = this.#problem;
    const source = from[edge]!;
    const bends: number[] = [];
    for (let rank = this.#itemRank[to[edge]!]!; rank <= this.#itemRank[source]!; rank++) {
      const bend = this.#bend(rank, source);
      const upper = bends.at(-1);
      if (upper !== undefined) this.#piece(upper, bend, 0, 0);
      bends.push(bend);
    }
    return bends;
  }

  finish(items: number, count: number, bends: readonly (readonly number[])[]): Levels {
    const vertices = items + this.#bendRank.length;
    const rank = new Int32Array(vertices);
    rank.set(this.#itemRank);
    rank.set(this.#bendRank, items);
    const size = new Float64Array(vertices);
    size.set(this.#problem.along);
    const order = (vertex: number): number => (vertex < items ? vertex : this.#bendOrder[vertex - items]! + 0.5);
    const rows: number[][] = Array.from({ length: count }, () => []);
    for (let vertex = 0; vertex < vertices; vertex++) rows[rank[vertex]!]!.push(vertex);
    const pieces = this.#pieces;
    return {
      items,
      rank,
      rows: rows.map((row) => Int32Array.from(row.sort((a, b) => order(a) - order(b) || a - b))),
      size,
      upper: Int32Array.from(pieces, ({ upper }) => upper),
      lower: Int32Array.from(pieces, ({ lower }) => lower),
      upperAt: Float64Array.from(pieces, ({ upperAt }) => upperAt),
      lowerAt: Float64Array.from(pieces, ({ lowerAt }) => lowerAt),
      bends,
    };
  }

  #bend(rank: number, source: number): number {
    this.#bendRank.push(rank);
    this.#bendOrder.push(source);
    return this.#itemRank.length + this.#bendRank.length - 1;
  }

  #piece(upper: number, lower: number, upperAt: number, lowerAt: number): void {
    this.#pieces.push({ upper, lower, upperAt, lowerAt });
  }
}
