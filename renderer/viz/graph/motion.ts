import type { DrawnPart } from './draw-scene.ts';
import { drawBox, drawEdge, drawFrame } from './draw.ts';
import type { DrawState } from './draw.ts';
import type { FoundScene } from './found-scene.ts';
import type { Rect, SceneBox, SceneEdge, SceneFrame } from './scene.ts';

/** How long a drawing takes to become another one. */
const MOTION_MS = 200;

interface Moved<T> {
  readonly item: T;
  readonly from: Rect;
}

interface MovedEdge {
  readonly edge: SceneEdge;
  readonly from: Float32Array;
}

/** One end of the way. */
interface End {
  readonly scene: FoundScene;
  /** What of it is seen. */
  readonly seen: Rect;
}

/**
 * The way from one drawing of a graph to another after groups were opened or folded: what both have moves, the group itself grows
 * or shrinks, the rest fades. Only what is seen at either end takes part, however large the graph.
 */
export class Motion {
  readonly #began: number;
  readonly #frames: Moved<SceneFrame>[] = [];
  readonly #boxes: Moved<SceneBox>[] = [];
  readonly #edges: MovedEdge[] = [];
  readonly #gone: DrawnPart;
  readonly #came: DrawnPart;
  readonly #shift: { readonly x: number; readonly y: number };
  /** Where each box of the new drawing comes from, for looks from afar: x, y, width, height; made when asked for. */
  readonly #farFrom: () => Float32Array;
  #farRects: Float32Array | null = null;

  /**
   * @param before its coordinates are moved by `shift` into those of `after`
   * @param anchor the group that was opened or folded; null: several were
   */
  constructor(
    before: End,
    after: End,
    {
      shift,
      anchor,
      now,
    }: {
      readonly shift: { readonly x: number; readonly y: number };
      readonly anchor: string | null;
      readonly now: number;
    },
  ) {
    this.#began = now;
    this.#shift = shift;
    const moved = ({ x, y, width, height }: Rect): Rect => ({ x: x + shift.x, y: y + shift.y, width, height });
    const there = (id: string): Rect | undefined => {
      const rect = before.scene.rect(id);
      return rect === undefined ? undefined : moved(rect);
    };
    const old = before.scene.partIn(before.seen);
    const next = after.scene.partIn(after.seen);
    const gone = { frames: [] as SceneFrame[], edges: [] as SceneEdge[], boxes: [] as SceneBox[] };
    const came = { frames: [] as SceneFrame[], edges: [] as SceneEdge[], boxes: [] as SceneBox[] };

    const frames = new Map(next.frames.map((frame) => [frame.id, frame]));
    for (const { id } of old.frames) {
      const now = after.scene.frame(id);
      if (now !== undefined) frames.set(id, now);
    }
    for (const frame of frames.values()) {
      const from = there(frame.id);
      if (from === undefined) came.frames.push(frame);
      else this.#frames.push({ item: frame, from });
    }
    const boxes = new Map(next.boxes.map((box) => [box.box.id, box]));
    for (const { box } of old.boxes) {
      const now = after.scene.box(box.id);
      if (now !== undefined) boxes.set(box.id, now);
    }
    for (const box of boxes.values()) {
      const folded = before.scene.frame(box.box.id);
      const from = there(box.box.id);
      if (folded === undefined && from !== undefined) this.#boxes.push({ item: box, from });
      else came.boxes.push(box);
      if (folded !== undefined) this.#frames.push({ item: { ...folded, ...placeOf(box) }, from: moved(folded) });
    }
    for (const frame of old.frames) if (after.scene.rect(frame.id) === undefined) gone.frames.push(frame);
    for (const box of old.boxes) if (after.scene.rect(box.box.id) === undefined) gone.boxes.push(box);

    const oldEdges = edgesByKey(old.edges);
    const nextEdges = edgesByKey(next.edges);
    for (const [key, now] of nextEdges) {
      const were = oldEdges.get(key) ?? [];
      const same =
        were.length === now.length && were.every(({ points }, at) => points.length === now[at]!.points.length);
      if (!same) came.edges.push(...now);
      else for (const [at, edge] of now.entries()) this.#edges.push({ edge, from: shifted(were[at]!.points, shift) });
      if (same) oldEdges.delete(key);
    }
    gone.edges.push(...[...oldEdges.values()].flat());
    this.#gone = gone;
    this.#came = came;
    this.#farFrom = () => farRects(after.scene, { there, from: anchor === null ? undefined : there(anchor) });
  }

  /** How far it has come: 0…1, quick at first. */
  at(now: number): number {
    const t = Math.min(1, Math.max(0, (now - this.#began) / MOTION_MS));
    return 1 - (1 - t) ** 3;
  }

  /** Where the boxes are from afar, for `FarPicture.paint`. */
  get farFrom(): Float32Array {
    return (this.#farRects ??= this.#farFrom());
  }

  /** Draws a moment of it in the coordinates of the new drawing. */
  draw(context: CanvasRenderingContext2D, t: number, state: DrawState): void {
    const leaving = Math.max(0, 1 - 2.5 * t);
    const coming = Math.max(0, (t - 0.5) * 2);
    for (const { item, from } of this.#frames) drawFrame(context, { ...item, ...between(from, item, t) }, state);
    faded(context, coming, () => {
      for (const frame of this.#came.frames) drawFrame(context, frame, state);
      for (const edge of this.#came.edges) drawEdge(context, edge, state, null);
    });
    for (const { edge, from } of this.#edges) {
      const points = edge.points.map((to, at) => from[at]! + (to - from[at]!) * t);
      drawEdge(context, { ...edge, points }, state, null);
    }
    faded(context, leaving, () => {
      context.save();
      context.translate(this.#shift.x, this.#shift.y);
      for (const frame of this.#gone.frames) drawFrame(context, frame, state);
      for (const edge of this.#gone.edges) drawEdge(context, edge, state, null);
      for (const box of this.#gone.boxes) drawBox(context, box, state);
      context.restore();
    });
    faded(context, coming, () => {
      for (const box of this.#came.boxes) drawBox(context, box, state);
    });
    for (const { item, from } of this.#boxes) drawBox(context, { ...item, ...between(from, item, t) }, state);
  }
}

const placeOf = ({ x, y, width, height }: Rect): Rect => ({ x, y, width, height });

function between(from: Rect, to: Rect, t: number): Rect {
  return {
    x: from.x + (to.x - from.x) * t,
    y: from.y + (to.y - from.y) * t,
    width: from.width + (to.width - from.width) * t,
    height: from.height + (to.height - from.height) * t,
  };
}

function shifted(points: Float32Array, shift: { readonly x: number; readonly y: number }): Float32Array {
  return points.map((at, index) => at + (index % 2 === 0 ? shift.x : shift.y));
}

function faded(context: CanvasRenderingContext2D, alpha: number, draw: () => void): void {
  if (alpha <= 0) return;
  context.globalAlpha = alpha;
  draw();
  context.globalAlpha = 1;
}

/** Pieces of the same edge, in their order. */
function edgesByKey(edges: readonly SceneEdge[]): Map<string, SceneEdge[]> {
  const found = new Map<string, SceneEdge[]>();
  for (const edge of edges) {
    const key = `${edge.value}\u0000${edge.source}\u0000${edge.targets.join('\u0000')}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [edge]);
    else known.push(edge);
  }
  return found;
}

/** Where boxes come from: their own place before, or else the group that was opened; what has neither is where it will be. */
function farRects(
  { scene }: FoundScene,
  { there, from }: { readonly there: (id: string) => Rect | undefined; readonly from: Rect | undefined },
): Float32Array {
  const rects = new Float32Array(4 * scene.boxes.length);
  for (const [at, box] of scene.boxes.entries()) {
    const { x, y, width, height } = there(box.box.id) ?? from ?? box;
    rects.set([x, y, width, height], 4 * at);
  }
  return rects;
}
