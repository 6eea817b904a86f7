import { placeAlong } from './coordinates.ts';
import { cutLines } from './levels.ts';
import { orderRows } from './order.ts';
import { AFTER_ALL, BEFORE_ALL } from './problem.ts';
import type { LayeredProblem, LayeredResult, Spacing } from './problem.ts';
import { rankItems } from './ranks.ts';
import { routeEdges } from './routes.ts';

/**
 * Draws a graph in ranks with right-angled edges. Near linear in items and the ranks that lines pass; equal problems give equal
 * drawings. Parts that nothing joins are laid out by themselves.
 * @see Sugiyama, Tagawa, Toda 1981: ranks, order within them, places, routes
 */
export function layeredLayout(problem: LayeredProblem, spacing: Spacing): LayeredResult {
  const parts = partsOf(problem);
  if (parts.length === 1) return drawConnected(problem, spacing);
  return sideBySide(problem, parts, spacing);
}

function drawConnected(problem: LayeredProblem, spacing: Spacing): LayeredResult {
  const ranks = rankItems(problem);
  const levels = cutLines(problem, ranks);
  const rows = orderRows(levels);
  const along = placeAlong(levels, rows, spacing);
  return routeEdges({ problem, ranks, levels, rows, along, spacing });
}

interface Part {
  readonly items: readonly number[];
  readonly edges: readonly number[];
}

/** What hangs together, in the order of the first items. */
function partsOf({ along, from, to }: LayeredProblem): readonly Part[] {
  const parent = Int32Array.from({ length: along.length }, (_, item) => item);
  const find = (item: number): number => {
    let at = item;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let edge = 0; edge < from.length; edge++) {
    const a = find(from[edge]!);
    const b = find(to[edge]!);
    parent[Math.max(a, b)] = Math.min(a, b);
  }
  const parts = new Map<number, { items: number[]; edges: number[] }>();
  for (let item = 0; item < along.length; item++) {
    const root = find(item);
    const part = parts.get(root);
    if (part === undefined) parts.set(root, { items: [item], edges: [] });
    else part.items.push(item);
  }
  for (let edge = 0; edge < from.length; edge++) parts.get(find(from[edge]!))!.edges.push(edge);
  return [...parts.values()];
}

function partProblem(problem: LayeredProblem, { items, edges }: Part): LayeredProblem {
  const number = new Map(items.map((item, index) => [item, index]));
  return {
    along: Float64Array.from(items, (item) => problem.along[item]!),
    across: Float64Array.from(items, (item) => problem.across[item]!),
    place: Uint8Array.from(items, (item) => problem.place[item]!),
    from: Int32Array.from(edges, (edge) => number.get(problem.from[edge]!)!),
    to: Int32Array.from(edges, (edge) => number.get(problem.to[edge]!)!),
    fromAt: Float64Array.from(edges, (edge) => problem.fromAt[edge]!),
    toAt: Float64Array.from(edges, (edge) => problem.toAt[edge]!),
    value: Int32Array.from(edges, (edge) => problem.value[edge]!),
  };
}

/** Rows of parts are about this much wider than high. */
const ASPECT = 1.6;

/** Parts beside each other; in several rows where no line leaves over the frame, which would run through the rows below. */
function sideBySide(problem: LayeredProblem, parts: readonly Part[], spacing: Spacing): LayeredResult {
  const along = new Float64Array(problem.along.length);
  const across = new Float64Array(problem.along.length);
  const routes: (readonly number[])[] = Array.from(problem.from, () => []);
  const drawn = parts.map((part) => drawConnected(partProblem(problem, part), spacing));
  const crossed = problem.place.some((place) => place === BEFORE_ALL || place === AFTER_ALL);
  const area = drawn.reduce(
    (sum, { extentAlong, extentAcross }) => sum + (extentAlong + spacing.items) * (extentAcross + spacing.items),
    0,
  );
  const limit = crossed ? Infinity : Math.sqrt(area) * ASPECT;
  let left = 0;
  let top = 0;
  let height = 0;
  let width = 0;
  for (const [index, { items, edges }] of parts.entries()) {
    const part = drawn[index]!;
    if (left > 0 && left + part.extentAlong > limit) {
      top += height + spacing.items;
      left = 0;
      height = 0;
    }
    for (const [at, item] of items.entries()) {
      along[item] = left + part.along[at]!;
      across[item] = top + part.across[at]!;
    }
    for (const [at, edge] of edges.entries()) {
      routes[edge] = part.routes[at]!.map((value, point) => value + (point % 2 === 0 ? left : top));
    }
    width = Math.max(width, left + part.extentAlong);
    height = Math.max(height, part.extentAcross);
    left += part.extentAlong + spacing.items;
  }
  return { along, across, extentAlong: width, extentAcross: top + height, routes };
}
