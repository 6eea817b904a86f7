import type { DrawingContext } from './drawing-context.ts';
import { FAR_SCALE, drawFar } from './draw-far.ts';
import { drawBox, drawEdge, drawEdgeLabel, drawFrame, drawFrameOutline, drawOutline } from './draw.ts';
import type { DrawState } from './draw.ts';
import type { Rect, SceneBox, SceneEdge, SceneFrame } from './scene.ts';

/** The part of a scene that is drawn. */
export interface DrawnPart {
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly boxes: readonly SceneBox[];
}

/** Draws a part of a scene, in scene coordinates: near with all that can be read, from afar as colours. Nothing is marked in it. */
export function drawScene(context: DrawingContext, part: DrawnPart, state: DrawState): void {
  const { frames, edges, boxes } = part;
  if (state.scale < FAR_SCALE) return drawFar(context, part, state);
  for (const frame of frames) drawFrame(context, frame, state);
  for (const edge of edges) drawEdge(context, edge, state, null);
  for (const box of boxes) drawBox(context, box, state);
  drawLabels(context, edges, state);
}

/** What is selected or pointed at. */
export interface Highlights {
  readonly selected: string | null;
  readonly hover: string | null;
  /** Boxes that are pointed at as one. */
  readonly lit: ReadonlySet<string>;
}

/** Where boxes and frames are found. */
export interface FoundById {
  readonly box: (id: string) => SceneBox | undefined;
  readonly frame: (id: string) => SceneFrame | undefined;
}

/**
 * Marks what is selected or pointed at over the drawn scene, and what leads there and away.
 * @param edges of the whole scene; those outside of `seen` are passed over
 */
export function drawHighlights(
  context: DrawingContext,
  { edges, seen, find }: { readonly edges: readonly SceneEdge[]; readonly seen: Rect; readonly find: FoundById },
  state: DrawState & Highlights,
): void {
  const { selected, hover, lit, palette, scale } = state;
  const end = selected ?? hover;
  const marked: SceneEdge[] = [];
  if (end !== null && find.box(end) !== undefined) {
    for (const edge of edges) {
      if (!touches(edge.bounds, seen)) continue;
      const leaves = edge.source === end;
      if (!leaves && !edge.targets.includes(end)) continue;
      drawEdge(context, edge, state, leaves ? palette.edgeOut : palette.edgeIn);
      marked.push(edge);
    }
    if (scale >= FAR_SCALE) drawLabels(context, marked, state);
  }
  const outline = (id: string, color: string): void => {
    const box = find.box(id);
    if (box !== undefined) return drawOutline(context, box, { color, scale });
    const frame = find.frame(id);
    if (frame !== undefined) drawFrameOutline(context, frame, { color, scale });
  };
  for (const id of lit) if (id !== selected) outline(id, palette.hover);
  if (hover !== null && hover !== selected) outline(hover, palette.hover);
  if (selected !== null) outline(selected, palette.selection);
}

function drawLabels(context: DrawingContext, edges: readonly SceneEdge[], state: DrawState): void {
  const written = new Set<string>();
  for (const edge of edges) {
    const text = state.labels.get(edge.value);
    const key = `${edge.source}\u0000${edge.value}`;
    if (text === undefined || !edge.begins || written.has(key)) continue;
    written.add(key);
    drawEdgeLabel(context, edge, text, state);
  }
}

function touches(a: Rect, b: Rect): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}
