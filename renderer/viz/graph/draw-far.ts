import type { DrawingContext } from './drawing-context.ts';
import { CATEGORY_COLORS } from '../operator-colors.ts';
import { drawEdge } from './draw.ts';
import type { DrawState } from './draw.ts';
import type { SceneBox, SceneEdge, SceneFrame } from './scene.ts';

/** From so far nothing is written and no corner is seen: everything of one colour is drawn in one go. */
export const FAR_SCALE = 0.32;

/** Frames and lines smaller than this on screen are left out, pixels. */
const LEAST_SEEN = 2;

interface Seen {
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly boxes: readonly SceneBox[];
}

/** Draws frames, lines and boxes as they look from afar; at a tenth of the cost of their near look. */
export function drawFar(context: DrawingContext, { frames, edges, boxes }: Seen, state: DrawState): void {
  const { palette, scale, overlay } = state;
  const cuts = overlay?.cuts === true;
  context.beginPath();
  for (const { x, y, width, height } of frames) {
    if (width * scale >= LEAST_SEEN && height * scale >= LEAST_SEEN) context.rect(x, y, width, height);
  }
  context.lineWidth = 1 / scale;
  context.strokeStyle = palette.frameBorder;
  context.stroke();

  context.beginPath();
  for (const { value, points, bounds } of edges) {
    if (bounds.width * scale < LEAST_SEEN && bounds.height * scale < LEAST_SEEN) continue;
    if (state.looks?.has(value) === true) continue;
    context.moveTo(points[0]!, points[1]!);
    for (let at = 2; at + 1 < points.length; at += 2) context.lineTo(points[at]!, points[at + 1]!);
  }
  context.lineWidth = 1 / Math.max(scale, 0.35);
  context.strokeStyle = palette.edge;
  context.stroke();

  if (state.looks !== null) {
    for (const edge of edges) if (state.looks.has(edge.value)) drawEdge(context, edge, state, null);
  }

  const byColor = new Map<string, SceneBox[]>();
  const cut: SceneBox[] = [];
  for (const box of boxes) {
    const color = farColor(box, state);
    if (cuts && overlay?.get(box.box.id)?.cut !== undefined) cut.push(box);
    const known = byColor.get(color);
    if (known === undefined) byColor.set(color, [box]);
    else known.push(box);
  }
  const least = 1.6 / scale;
  for (const [color, same] of byColor) {
    context.fillStyle = color;
    for (const item of same) {
      const width = Math.max(item.width, least);
      const height = Math.max(item.height, least);
      context.fillRect(item.x + (item.width - width) / 2, item.y + (item.height - height) / 2, width, height);
    }
  }
  if (cut.length > 0) drawCuts(context, cut, state);
}

/** Holes and halves, told apart without colour. */
function drawCuts(context: DrawingContext, boxes: readonly SceneBox[], { palette, overlay, scale }: DrawState): void {
  context.fillStyle = palette.background;
  const edge = 1 / scale;
  for (const { box, x, y, width, height } of boxes) {
    const cut = overlay?.get(box.id)?.cut;
    if (cut === undefined || width * scale < 3 || height * scale < 3) continue;
    const inner = height - 2 * edge;
    context.fillRect(x + edge, y + edge, width - 2 * edge, cut === 'hole' ? inner : inner / 2);
  }
}

/** The one colour that a box has from afar. */
export function farColor({ box }: SceneBox, { palette, overlay }: Pick<DrawState, 'palette' | 'overlay'>): string {
  if (box.kind === 'input' || box.kind === 'output') return palette.boxBorder;
  if (overlay?.fillOf !== undefined) return overlay.fillOf(box) ?? palette.unmeasured;
  if (overlay !== null) return overlay.get(box.id)?.fill ?? palette.unmeasured;
  return box.category === null ? palette.muted : CATEGORY_COLORS[box.category];
}
