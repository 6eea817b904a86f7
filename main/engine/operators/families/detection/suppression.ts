/** Boxes that are chosen, done for the few boxes that shape inference is given. */
import { makeConstant } from '../../constant.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Indices [chosen, 3]: batch, class, box. None are chosen where no number of boxes is stated. */
export function inferSuppression(context: NodeContext): Facts[] {
  const boxes = context.shapeOfRank(0, 3, 'boxes', '3 [batch, boxes, 4]');
  const scores = context.shapeOfRank(1, 3, 'scores', '3 [batch, classes, boxes]');
  const chosen = choose(context, boxes as number[] | undefined, scores as number[] | undefined);
  const count = chosen === undefined ? context.openDim() : chosen.length / 3;
  const constant = chosen === undefined ? undefined : makeConstant('int64', [chosen.length / 3, 3], chosen);
  return [tensorFacts('int64', [count, 3], constant)];
}

function choose(
  context: NodeContext,
  boxShape: readonly number[] | undefined,
  scoreShape: readonly number[] | undefined,
): readonly number[] | undefined {
  const most = context.has(2) ? context.numbers(2)?.[0] : 0;
  if (most !== undefined && most <= 0) return [];
  const corners = context.numbers(0);
  const scores = context.numbers(1);
  const overlap = context.has(3) ? context.numbers(3)?.[0] : 0;
  const lowest = context.has(4) ? context.numbers(4)?.[0] : Number.NEGATIVE_INFINITY;
  if (most === undefined || corners === undefined || scores === undefined) return undefined;
  if (overlap === undefined || lowest === undefined) return undefined;
  const [batches = 0, count = 0] = boxShape ?? [];
  const classes = scoreShape?.[1] ?? 0;
  const centred = context.int('center_point_box', 0) !== 0;
  const boxes = Array.from({ length: batches * count }, (_, at) => boxAt(corners, at * 4, centred));
  const chosen: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    for (let kind = 0; kind < classes; kind++) {
      const from = (batch * classes + kind) * count;
      const places = greedy(boxes.slice(batch * count, (batch + 1) * count), scores.slice(from, from + count), {
        most,
        overlap,
        lowest,
      });
      for (const place of places) chosen.push(batch, kind, place);
    }
  }
  return chosen;
}

/** By falling score, the first place first among equals: each box that overlaps none of those taken before it. */
function greedy(
  boxes: readonly Box[],
  scores: readonly number[],
  limits: { readonly most: number; readonly overlap: number; readonly lowest: number },
): readonly number[] {
  const candidates = boxes.map((_, place) => place).filter((place) => scores[place]! > limits.lowest);
  candidates.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const taken: number[] = [];
  for (const place of candidates) {
    if (taken.length >= limits.most) break;
    if (!taken.some((other) => intersectionOverUnion(boxes[place]!, boxes[other]!) > limits.overlap)) taken.push(place);
  }
  return taken;
}

/** Corners in any order, or middle and size. In float32, as all of this: a threshold may be met exactly. */
function boxAt(values: readonly number[], at: number, centred: boolean): Box {
  const [a = 0, b = 0, c = 0, d = 0] = values.slice(at, at + 4);
  if (!centred) return { left: Math.min(b, d), top: Math.min(a, c), right: Math.max(b, d), bottom: Math.max(a, c) };
  const [halfWidth, halfHeight] = [Math.fround(c / 2), Math.fround(d / 2)];
  return {
    left: Math.fround(a - halfWidth),
    top: Math.fround(b - halfHeight),
    right: Math.fround(a + halfWidth),
    bottom: Math.fround(b + halfHeight),
  };
}

function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.fround(Math.min(a.right, b.right) - Math.max(a.left, b.left));
  const height = Math.fround(Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const [first, second] = [area(a), area(b)];
  if (width <= 0 || height <= 0 || first <= 0 || second <= 0) return 0;
  const shared = Math.fround(width * height);
  return Math.fround(shared / Math.fround(Math.fround(first + second) - shared));
}

function area({ left, top, right, bottom }: Box): number {
  return Math.fround(Math.fround(right - left) * Math.fround(bottom - top));
}
