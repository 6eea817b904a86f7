import type { ElkExtendedEdge } from 'elkjs/lib/elk-api.js';
import ELK from 'elkjs/lib/elk.bundled.js';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { cutLines } from '../../../../renderer/viz/graph/layered/levels.ts';
import { layeredLayout } from '../../../../renderer/viz/graph/layered/layered.ts';
import { crossingsOf, orderRows } from '../../../../renderer/viz/graph/layered/order.ts';
import { AFTER_ALL, ANYWHERE, BEFORE_ALL, LAST } from '../../../../renderer/viz/graph/layered/problem.ts';
import type { LayeredProblem, LayeredResult, Spacing } from '../../../../renderer/viz/graph/layered/problem.ts';
import { rankItems } from '../../../../renderer/viz/graph/layered/ranks.ts';

const SPACING: Spacing = { items: 20, lines: 10, ranks: 40, tracks: 8 };

type Edge = readonly [from: number, to: number];

/** Items of 40 by 20, joined from the middle of one to the middle of the other; each edge a value of its own. */
function problem(items: number, edges: readonly Edge[], place: Readonly<Record<number, number>> = {}): LayeredProblem {
  return {
    along: new Float64Array(items).fill(40),
    across: new Float64Array(items).fill(20),
    place: Uint8Array.from({ length: items }, (_, item) => place[item] ?? ANYWHERE),
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    fromAt: new Float64Array(edges.length).fill(20),
    toAt: new Float64Array(edges.length).fill(20),
    value: Int32Array.from(edges, (_, edge) => edge),
  };
}

function randomGraph(seed: number, items: number, share: number): LayeredProblem {
  const random = seededRandom(seed);
  const edges: Edge[] = [];
  for (let to = 1; to < items; to++) {
    edges.push([Math.floor(random() * to), to]);
    if (random() < share) edges.push([Math.floor(random() * to), to]);
  }
  const made = problem(items, edges);
  return {
    ...made,
    along: made.along.map(() => 30 + 60 * random()),
    across: made.across.map(() => 20 + 40 * random()),
  };
}

function overlaps({ along, across }: LayeredResult, asked: LayeredProblem): number {
  let count = 0;
  for (let a = 0; a < along.length; a++) {
    for (let b = a + 1; b < along.length; b++) {
      const beside = along[a]! < along[b]! + asked.along[b]! && along[b]! < along[a]! + asked.along[a]!;
      const level = across[a]! < across[b]! + asked.across[b]! && across[b]! < across[a]! + asked.across[a]!;
      if (beside && level) count++;
    }
  }
  return count;
}

/** Straight parts of routes that run through an item which is not at their end. */
function throughItems({ along, across, routes }: LayeredResult, asked: LayeredProblem): number {
  let count = 0;
  for (const route of routes) {
    for (let at = 0; at + 3 < route.length; at += 2) {
      const [x1, y1, x2, y2] = route.slice(at, at + 4) as [number, number, number, number];
      for (let item = 0; item < along.length; item++) {
        const left = along[item]! + 0.5;
        const top = across[item]! + 0.5;
        const right = along[item]! + asked.along[item]! - 0.5;
        const bottom = across[item]! + asked.across[item]! - 0.5;
        if (Math.min(x1, x2) < right && Math.max(x1, x2) > left && Math.min(y1, y2) < bottom && Math.max(y1, y2) > top)
          count++;
      }
    }
  }
  return count;
}

function crossings(asked: LayeredProblem): number {
  const levels = cutLines(asked, rankItems(asked));
  return crossingsOf(levels, orderRows(levels));
}

describe('ranks', () => {
  it('follow the longest path', () => {
    const { rank } = rankItems(
      problem(4, [
        [0, 1],
        [1, 2],
        [0, 2],
        [2, 3],
      ]),
    );
    expect([...rank]).toEqual([0, 1, 2, 3]);
  });

  it('bring what only feeds others down to them', () => {
    // 4 is read by 3 alone: it stands just above it, not at the top.
    const { rank } = rankItems(
      problem(5, [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 3],
      ]),
    );
    expect(rank[4]).toBe(2);
  });

  it('put crossings of the frame before and after all, outputs last', () => {
    const asked = problem(
      5,
      [
        [0, 1],
        [1, 2],
        [1, 3],
        [2, 4],
      ],
      { 0: BEFORE_ALL, 3: LAST, 4: AFTER_ALL },
    );
    const { rank, count } = rankItems(asked);
    expect([...rank]).toEqual([0, 1, 2, 2, 3]);
    expect(count).toBe(4);
  });

  it('turn around one edge of a cycle', () => {
    const { rank, reversed } = rankItems(
      problem(3, [
        [0, 1],
        [1, 2],
        [2, 0],
      ]),
    );
    expect([...reversed]).toEqual([0, 0, 1]);
    expect([...rank]).toEqual([0, 1, 2]);
  });
});

describe('lines that pass ranks', () => {
  it('share their bends when they carry one value', () => {
    // Item 0 is read by 3 and by 4, over a chain 0 → 1 → 2 → 3 → 4.
    const edges: Edge[] = [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [0, 3],
      [0, 4],
    ];
    const asked = problem(5, edges);
    const own = cutLines(asked, rankItems(asked));
    expect(own.rank.length - own.items).toBe(2 + 3);
    const shared = { ...asked, value: Int32Array.from([0, 1, 2, 3, 0, 0]) };
    const together = cutLines(shared, rankItems(shared));
    expect(together.rank.length - together.items).toBe(3);
    expect(together.bends[4]).toEqual(together.bends[5]!.slice(0, 2));
  });
});

describe('order within ranks', () => {
  it('untangles two chains', () => {
    // 0 → 3, 1 → 2 cross in file order below a common source 4.
    expect(
      crossings(
        problem(5, [
          [4, 0],
          [4, 1],
          [0, 3],
          [1, 2],
        ]),
      ),
    ).toBe(0);
  });

  it('crosses no more often than in the drawings of the Eclipse Layout Kernel, over eight random graphs', async () => {
    let ours = 0;
    let theirs = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const asked = randomGraph(seed, 30, 0.5);
      const elk = await elkLayout(asked);
      ours += routeCrossings(layeredLayout(asked, SPACING).routes, asked);
      theirs += routeCrossings(elk, asked);
    }
    expect(ours).toBeLessThanOrEqual(theirs);
  }, 120_000);
});

describe('the layered layout', () => {
  it('draws a chain as one straight line', () => {
    const drawn = layeredLayout(
      problem(3, [
        [0, 1],
        [1, 2],
      ]),
      SPACING,
    );
    expect([...drawn.along]).toEqual([0, 0, 0]);
    expect([...drawn.across]).toEqual([0, 60, 120]);
    expect(drawn.routes[0]).toEqual([20, 20, 20, 60]);
    expect(drawn).toMatchObject({ extentAlong: 40, extentAcross: 140 });
  });

  it('leads a skip connection straight down beside what it skips', () => {
    const drawn = layeredLayout(
      problem(4, [
        [0, 1],
        [1, 2],
        [2, 3],
        [0, 3],
      ]),
      SPACING,
    );
    const skip = drawn.routes[3]!;
    // Down, sideways, down beside the two, sideways, down.
    expect(skip).toHaveLength(12);
    expect(skip[4]).toBe(skip[6]);
    expect(throughItems(drawn, problem(4, []))).toBe(0);
  });

  it('overlaps nothing and points down, on random graphs', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const asked = randomGraph(seed, 30 + seed * 3, 0.4);
      const drawn = layeredLayout(asked, SPACING);
      expect(overlaps(drawn, asked)).toBe(0);
      expect(throughItems(drawn, asked)).toBe(0);
      for (let edge = 0; edge < asked.from.length; edge++) {
        const from = asked.from[edge]!;
        const to = asked.to[edge]!;
        expect(drawn.across[from]! + asked.across[from]!).toBeLessThan(drawn.across[to]!);
        expect(drawn.routes[edge]!.slice(0, 2)).toEqual([
          drawn.along[from]! + asked.fromAt[edge]!,
          drawn.across[from]! + asked.across[from]!,
        ]);
        expect(drawn.routes[edge]!.slice(-2)[1]).toBe(drawn.across[to]);
      }
    }
  });

  it('draws equal graphs alike', () => {
    const once = layeredLayout(randomGraph(7, 60, 0.5), SPACING);
    const again = layeredLayout(randomGraph(7, 60, 0.5), SPACING);
    expect(again).toEqual(once);
  });

  it('leads an edge that closes a cycle around the items', () => {
    const asked = problem(3, [
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
    const drawn = layeredLayout(asked, SPACING);
    const back = drawn.routes[2]!;
    expect(throughItems(drawn, asked)).toBe(0);
    expect(back.slice(-1)[0]).toBe(drawn.across[0]);
  });

  it('puts parts that nothing joins beside each other', () => {
    const drawn = layeredLayout(
      problem(4, [
        [0, 1],
        [2, 3],
      ]),
      SPACING,
    );
    expect([...drawn.along]).toEqual([0, 0, 60, 60]);
    expect([...drawn.across]).toEqual([0, 60, 0, 60]);
  });

  it('has no trouble with nothing, and with a wide fan', () => {
    expect(layeredLayout(problem(0, []), SPACING)).toMatchObject({ extentAlong: 0, extentAcross: 0 });
    const fan = problem(
      201,
      Array.from({ length: 200 }, (_, item): Edge => [0, item + 1]),
    );
    expect(overlaps(layeredLayout(fan, SPACING), fan)).toBe(0);
  });
});

async function elkLayout(asked: LayeredProblem): Promise<readonly (readonly number[])[]> {
  const laid = await new ELK().layout({
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.layering.strategy': 'NETWORK_SIMPLEX',
      'elk.randomSeed': '1',
    },
    children: Array.from(asked.along, (width, index) => {
      const height = asked.across[index]!;
      return {
        id: `n${index}`,
        width,
        height,
        layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
        ports: [
          { id: `in${index}`, x: 20, y: 0, width: 0, height: 0, layoutOptions: { 'elk.port.side': 'NORTH' } },
          { id: `out${index}`, x: 20, y: height, width: 0, height: 0, layoutOptions: { 'elk.port.side': 'SOUTH' } },
        ],
      };
    }),
    edges: Array.from(asked.from, (from, edge) => ({
      id: `e${edge}`,
      sources: [`out${from}`],
      targets: [`in${asked.to[edge]}`],
    })),
  });
  const edges: readonly ElkExtendedEdge[] = laid.edges ?? [];
  return edges.map(({ sections }) => {
    const section = sections![0]!;
    return [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].flatMap(({ x, y }) => [x, y]);
  });
}

/** Places where a straight part of one line crosses one of another; all edges of an item are one line. */
function routeCrossings(routes: readonly (readonly number[])[], { from }: LayeredProblem): number {
  const level: number[][] = [];
  const upright: number[][] = [];
  for (const [edge, route] of routes.entries()) {
    for (let at = 0; at + 3 < route.length; at += 2) {
      const [x1, y1, x2, y2] = route.slice(at, at + 4) as [number, number, number, number];
      if (y1 === y2) level.push([edge, Math.min(x1, x2), Math.max(x1, x2), y1]);
      else upright.push([edge, Math.min(y1, y2), Math.max(y1, y2), x1]);
    }
  }
  let count = 0;
  for (const [one, left, right, y] of level as [number, number, number, number][]) {
    for (const [other, top, bottom, x] of upright as [number, number, number, number][]) {
      if (from[one] !== from[other] && x > left + 0.1 && x < right - 0.1 && y > top + 0.1 && y < bottom - 0.1) count++;
    }
  }
  return count;
}
