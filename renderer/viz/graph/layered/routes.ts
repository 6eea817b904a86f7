import type { Levels } from './levels.ts';
import type { LayeredProblem, LayeredResult, Spacing } from './problem.ts';
import type { Ranks } from './ranks.ts';

/** Room between a rank and the first line that runs along beside it; at the lower side an arrow's head must fit. */
const CLEAR = 15;

/** What of one line runs along in the room between two ranks: from where it comes to everywhere it goes. */
interface Run {
  readonly gap: number;
  readonly from: number;
  least: number;
  most: number;
  track: number;
}

interface Drawn {
  readonly problem: LayeredProblem;
  readonly ranks: Ranks;
  readonly levels: Levels;
  readonly rows: readonly Int32Array[];
  /** Start along of each vertex. */
  readonly along: Float64Array;
  readonly spacing: Spacing;
}

/** Places across the ranks, and the corners of the edges: straight along their bends, sideways in the rooms between ranks. */
export function routeEdges(drawn: Drawn): LayeredResult {
  const { problem, levels, along, ranks } = drawn;
  const runs = new Runs(drawn);
  const bands = new Float64Array(ranks.count);
  for (let item = 0; item < levels.items; item++) {
    const rank = ranks.rank[item]!;
    bands[rank] = Math.max(bands[rank]!, problem.across[item]!);
  }
  const gaps = runs.heights(ranks.count);
  const tops = new Float64Array(ranks.count);
  const gapTops = new Float64Array(ranks.count + 1);
  let at = 0;
  for (let rank = 0; rank <= ranks.count; rank++) {
    gapTops[rank] = at;
    at += gaps[rank]!;
    if (rank === ranks.count) break;
    tops[rank] = at;
    at += bands[rank]!;
  }
  const across = new Float64Array(levels.items);
  let extentAlong = 0;
  for (let vertex = 0; vertex < along.length; vertex++) {
    extentAlong = Math.max(extentAlong, along[vertex]! + levels.size[vertex]!);
    if (vertex >= levels.items) continue;
    const rank = ranks.rank[vertex]!;
    across[vertex] = tops[rank]! + (bands[rank]! - problem.across[vertex]!) / 2;
  }
  const trackAt = (run: Run): number => {
    const height = gaps[run.gap]!;
    const used = (runs.tracks(run.gap) - 1) * drawn.spacing.tracks;
    return gapTops[run.gap]! + (height - used) / 2 + run.track * drawn.spacing.tracks;
  };
  const routes = Array.from(problem.from, (_, edge) => corners(edge, { drawn, runs, across, trackAt }));
  return { along: along.subarray(0, levels.items), across, extentAlong, extentAcross: at, routes };
}

interface Routing {
  readonly drawn: Drawn;
  readonly runs: Runs;
  readonly across: Float64Array;
  readonly trackAt: (run: Run) => number;
}

function corners(edge: number, { drawn, runs, across, trackAt }: Routing): readonly number[] {
  const { problem, levels, along } = drawn;
  const source = problem.from[edge]!;
  const target = problem.to[edge]!;
  const bends = drawn.ranks.reversed[edge] === 1 ? levels.bends[edge]!.toReversed() : levels.bends[edge]!;
  const stops = [
    along[source]! + problem.fromAt[edge]!,
    ...bends.map((bend) => along[bend]!),
    along[target]! + problem.toAt[edge]!,
  ];
  const points = [stops[0]!, across[source]! + problem.across[source]!];
  for (let at = 0; at + 1 < stops.length; at++) {
    const run = runs.of(edge, at);
    if (run === undefined) continue;
    const y = trackAt(run);
    points.push(points.at(-2)!, y, stops[at + 1]!, y);
  }
  points.push(points.at(-2)!, across[target]!);
  return points;
}

/** Less than this sideways is drawn as straight. */
const STRAIGHT = 0.5;

class Runs {
  readonly #byLine = new Map<string, Run>();
  /** For each edge what runs along in each room that it passes, from its start. */
  readonly #ofEdge: (Run | undefined)[][];
  readonly #tracks: Int32Array;
  readonly #spacing: Spacing;

  constructor({ problem, ranks, levels, along, spacing }: Drawn) {
    this.#spacing = spacing;
    this.#tracks = new Int32Array(ranks.count + 1);
    this.#ofEdge = Array.from(problem.from, (source, edge) => {
      const target = problem.to[edge]!;
      const against = ranks.reversed[edge] === 1;
      const bends = against ? levels.bends[edge]!.toReversed() : levels.bends[edge]!;
      const vertices = [source, ...bends, target];
      const place = (at: number): number =>
        along[vertices[at]!]! +
        (at === 0 ? problem.fromAt[edge]! : at === vertices.length - 1 ? problem.toAt[edge]! : 0);
      return vertices.slice(1).map((_, at) => {
        const from = place(at);
        const to = place(at + 1);
        if (Math.abs(from - to) < STRAIGHT) return undefined;
        // With the ranks the room lies below the upper end; against them below the start, and then above each bend.
        const rank = levels.rank[vertices[at]!]!;
        const gap = against && at > 0 ? rank : rank + 1;
        const key = `${gap}:${vertices[at]}:${at === 0 ? problem.value[edge] : ''}:${against ? edge : ''}`;
        const known = this.#byLine.get(key);
        const run = known ?? { gap, from, least: from, most: from, track: 0 };
        run.least = Math.min(run.least, to);
        run.most = Math.max(run.most, to);
        if (known === undefined) this.#byLine.set(key, run);
        return run;
      });
    });
    const byGap = new Map<number, Run[]>();
    for (const run of this.#byLine.values()) {
      const list = byGap.get(run.gap);
      if (list === undefined) byGap.set(run.gap, [run]);
      else list.push(run);
    }
    for (const [gap, list] of byGap) this.#tracks[gap] = assignTracks(list, spacing.lines);
  }

  of(edge: number, at: number): Run | undefined {
    return this.#ofEdge[edge]![at];
  }

  tracks(gap: number): number {
    return this.#tracks[gap]!;
  }

  /** Height of each room; before the first rank and after the last there is one only where edges run against the ranks. */
  heights(ranks: number): Float64Array {
    return Float64Array.from(this.#tracks, (tracks, gap) => {
      const needed = tracks === 0 ? 0 : 2 * CLEAR + (tracks - 1) * this.#spacing.tracks;
      return gap === 0 || gap === ranks ? needed : Math.max(this.#spacing.ranks, needed);
    });
  }
}

/** With more runs than this in one room they share tracks, whatever they cross: the drawing could not be read anyway. */
const MOST_TRACKS = 40;

/**
 * Gives runs that overlap tracks of their own, counted from the upper rank. Of those that go the same way, the one that has
 * less far to go around the other gets the upper track, so that they do not cross.
 */
function assignTracks(runs: Run[], apart: number): number {
  const rightward = (run: Run): boolean => run.most - run.from >= run.from - run.least;
  const order = runs.toSorted((a, b) => {
    const right = rightward(a);
    if (right !== rightward(b)) return right ? -1 : 1;
    return right ? b.from - a.from : a.from - b.from;
  });
  const placed: Run[][] = [];
  for (const run of order) {
    let track = 0;
    for (let at = placed.length - 1; at >= 0; at--) {
      const blocking = placed[at]!.some((other) => other.least < run.most + apart && run.least < other.most + apart);
      if (!blocking) continue;
      track = at + 1;
      break;
    }
    run.track = track % MOST_TRACKS;
    (placed[run.track] ??= []).push(run);
  }
  return placed.length;
}
