import type { DrawingContext } from './drawing-context.ts';
import { FAR_SCALE, drawFar } from './draw-far.ts';
import { drawBox, drawEdge, drawEdgeLabel, drawFrame, drawOutline } from './draw.ts';
import type { DrawState } from './draw.ts';
import type { SceneBox, SceneEdge, SceneFrame } from './scene.ts';

/** The part of a scene that is drawn. */
export interface DrawnPart {
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly boxes: readonly SceneBox[];
}

/** Draws a part of a scene, in scene coordinates: near with all that can be read, from afar as colours. */
export function drawScene(context: DrawingContext, part: DrawnPart, state: DrawState): void {
  const { frames, edges, boxes } = part;
  const marked = markedEdges(edges, state);
  if (state.scale < FAR_SCALE) {
    drawFar(context, part, state);
    for (const [edge, color] of marked) drawEdge(context, edge, state, color);
    for (const box of boxes) {
      const { id } = box.box;
      if (state.selected === id || state.hover === id || state.lit.has(id)) drawOutline(context, box, state);
    }
    return;
  }
  for (const frame of frames) drawFrame(context, frame, state);
  for (const edge of edges) if (!marked.has(edge)) drawEdge(context, edge, state, null);
  for (const [edge, color] of marked) drawEdge(context, edge, state, color);
  for (const box of boxes) drawBox(context, box, state);
  const written = new Set<string>();
  for (const edge of edges) {
    const text = state.labels.get(edge.value);
    const key = `${edge.source}\u0000${edge.value}`;
    if (text === undefined || !edge.begins || written.has(key)) continue;
    written.add(key);
    drawEdgeLabel(context, edge, text, state);
  }
}

/** What leads to and from the box that is selected or pointed at, with its colour. */
function markedEdges(edges: readonly SceneEdge[], state: DrawState): ReadonlyMap<SceneEdge, string> {
  const marked = new Map<SceneEdge, string>();
  const selected = state.selected ?? state.hover;
  if (selected === null) return marked;
  for (const edge of edges) {
    if (edge.source === selected) marked.set(edge, state.palette.edgeOut);
    else if (edge.targets.includes(selected)) marked.set(edge, state.palette.edgeIn);
  }
  return marked;
}
