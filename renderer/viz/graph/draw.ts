import type { DrawingContext } from './drawing-context.ts';
import { CATEGORY_COLORS } from '../operator-colors.ts';
import { BODY_PADDING, HEAD_HEIGHT, ROW_FONT, ROW_HEIGHT, ROW_LABEL_FONT, TITLE_FONT } from './box-metrics.ts';
import type { GraphPalette } from './palette.ts';
import type { SceneBox, SceneEdge, SceneFrame } from './scene.ts';
import { isBranchLink } from './visible-graph.ts';
import type { VisibleBox } from './visible-graph.ts';

/** A box's colour and number under the overlay. */
export interface BoxOverlay {
  /** Null: no value for this box. */
  readonly fill: string | null;
  readonly textColor: string;
  readonly text: string;
  /** From afar, so that not the colour alone tells: a box with a hole in it, or filled in its lower half; absent: whole. */
  readonly cut?: 'hole' | 'half';
}

/** What the overlay shows of each box, by its id; undefined: it has no value there. */
export interface BoxOverlays {
  readonly get: (id: string) => BoxOverlay | undefined;
  /** Only a box's colour, which is all that is seen from afar; absent: that of `get`. */
  readonly fillOf?: (box: VisibleBox) => string | null;
  /** Whether any box has a cut. */
  readonly cuts?: boolean;
}

/** How the edges of a value look. */
export interface EdgeLook {
  readonly color: string;
  /** Lengths of dashes and gaps, scene units; empty: a whole line. */
  readonly dash: readonly number[];
}

/** Badges: what the recipe does to the layer. */
export interface BoxMark {
  readonly text: string;
  readonly color: string;
}

export interface DrawState {
  readonly palette: GraphPalette;
  readonly scale: number;
  /** Null: no overlay, category colours. */
  readonly overlay: BoxOverlays | null;
  readonly marks: ReadonlyMap<string, readonly BoxMark[]>;
  /** For each box its channels in order: 1 stays, 0 goes. */
  readonly strips: ReadonlyMap<string, Uint8Array>;
  /** How wide each value's edges are, 0…1; null: all alike. */
  readonly weights: ReadonlyMap<string, number> | null;
  /** How the edges of single values look; null: all alike. */
  readonly looks: ReadonlyMap<string, EdgeLook> | null;
  /** What is written beside the edges of a value. */
  readonly labels: ReadonlyMap<string, string>;
}

/** Below these scales text and details are left out: they could not be read. */
const TEXT_SCALE = 0.32;
const ROWS_SCALE = 0.5;
const LABEL_SCALE = 0.62;
const CORNER = 6;
/** What the edge of the most bytes is wider than others, scene units. */
const WIDEST = 7;
/** The links from an If, Loop or Scan to its subgraphs. */
const BRANCH_DASH = [5, 4];

/** Draws an open group's frame with its title. */
export function drawFrame(context: DrawingContext, frame: SceneFrame, state: DrawState): void {
  const { palette, scale } = state;
  context.beginPath();
  context.roundRect(frame.x, frame.y, frame.width, frame.height, 6);
  context.fillStyle = palette.frameFill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = palette.frameBorder;
  context.stroke();
  if (scale < TEXT_SCALE * 0.8) return;
  context.font = ROW_LABEL_FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = palette.muted;
  context.fillText(clipText(context, `▾ ${frame.title}`, frame.width - 16), frame.x + 8, frame.y + 13);
}

/** Draws an edge with rounded corners; `color` tells whether it leads to or from the selection. */
export function drawEdge(context: DrawingContext, edge: SceneEdge, state: DrawState, color: string | null): void {
  const { points } = edge;
  const { palette, scale } = state;
  context.beginPath();
  context.moveTo(points[0]!, points[1]!);
  for (let index = 2; index + 3 < points.length; index += 2) {
    context.arcTo(points[index]!, points[index + 1]!, points[index + 2]!, points[index + 3]!, CORNER);
  }
  context.lineTo(points.at(-2)!, points.at(-1)!);
  const look = state.looks?.get(edge.value);
  const shown = color ?? look?.color ?? palette.edge;
  context.strokeStyle = shown;
  const weight = state.weights === null ? 0 : (state.weights.get(edge.value) ?? 0) * WIDEST;
  context.lineWidth = (color !== null ? 2 : look !== undefined ? 1.5 : 1) / Math.min(1, Math.max(scale, 0.35)) + weight;
  if (isBranchLink(edge.value)) context.setLineDash(BRANCH_DASH);
  else if (look !== undefined) context.setLineDash([...look.dash]);
  context.stroke();
  context.setLineDash([]);
  if (edge.ends && scale > 0.2) drawArrow(context, points, shown);
}

function drawArrow(context: DrawingContext, points: Float32Array, color: string): void {
  const x = points.at(-2)!;
  const y = points.at(-1)!;
  const angle = Math.atan2(y - points.at(-3)!, x - points.at(-4)!);
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(-7, -3.5);
  context.lineTo(-7, 3.5);
  context.closePath();
  context.fillStyle = color;
  context.fill();
  context.restore();
}

/** Writes the shape of a value beside the start of its edge. */
export function drawEdgeLabel(context: DrawingContext, edge: SceneEdge, text: string, state: DrawState): void {
  if (state.scale < LABEL_SCALE || !edge.begins) return;
  const x = edge.points[0]!;
  const y = edge.points[1]!;
  const down = edge.points[2] === x || Math.abs(edge.points[3]! - y) > Math.abs(edge.points[2]! - x);
  context.font = ROW_FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const left = down ? x + 5 : x + 6;
  const middle = down ? y + 9 : y - 7;
  const width = context.measureText(text).width;
  context.fillStyle = state.palette.background;
  context.globalAlpha = 0.8;
  context.fillRect(left - 1, middle - 6, width + 2, 12);
  context.globalAlpha = 1;
  context.fillStyle = state.palette.muted;
  context.fillText(text, left, middle);
}

/** Draws a layer, a folded group, an input or an output. */
export function drawBox(context: DrawingContext, item: SceneBox, state: DrawState): void {
  if (item.box.kind === 'input' || item.box.kind === 'output') drawTerminal(context, item, state);
  else drawLayer(context, item, state);
  if (state.scale >= ROWS_SCALE) drawStrip(context, item, state);
  if (state.scale >= TEXT_SCALE) drawMarks(context, item, state);
}

function drawTerminal(context: DrawingContext, item: SceneBox, { palette, scale }: DrawState): void {
  context.beginPath();
  context.roundRect(item.x, item.y, item.width, item.height, item.height / 2);
  context.fillStyle = palette.ioFill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = palette.boxBorder;
  context.stroke();
  if (scale < TEXT_SCALE) return;
  context.font = TITLE_FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = palette.ioText;
  const text = clipText(context, item.box.title, item.width - 16);
  context.fillText(text, item.x + item.width / 2, item.y + item.height / 2 + 0.5);
}

function drawLayer(context: DrawingContext, item: SceneBox, state: DrawState): void {
  const { palette, overlay, scale } = state;
  const { box, x, y, width, height } = item;
  const value = overlay?.get(box.id);
  const isGroup = box.kind === 'group';
  const category = box.category === null ? palette.groupFill : CATEGORY_COLORS[box.category];
  const head = overlay === null ? category : (value?.fill ?? palette.unmeasured);
  const headText =
    overlay === null
      ? isGroup
        ? palette.text
        : '#ffffff'
      : (value?.fill ?? null) === null
        ? palette.muted
        : (value?.textColor ?? palette.muted);

  if (isGroup) {
    // A folded group looks like a pile of cards.
    context.beginPath();
    context.roundRect(x + 4, y + 4, width, height, 4);
    context.fillStyle = palette.frameBorder;
    context.fill();
  }
  context.beginPath();
  context.roundRect(x, y, width, height, 4);
  // From afar the colour of the whole box is what can be seen.
  const hasBody = height > HEAD_HEIGHT && scale >= TEXT_SCALE;
  context.fillStyle = hasBody ? palette.boxFill : head;
  context.fill();
  if (hasBody) {
    context.beginPath();
    context.roundRect(x, y, width, HEAD_HEIGHT, [4, 4, 0, 0]);
    context.fillStyle = head;
    context.fill();
  }
  if (overlay !== null && !isGroup && scale >= TEXT_SCALE) {
    context.beginPath();
    context.roundRect(x, y, 5, HEAD_HEIGHT, [4, 0, 0, height > HEAD_HEIGHT ? 0 : 4]);
    context.fillStyle = category;
    context.fill();
  }
  context.beginPath();
  context.roundRect(x, y, width, height, 4);
  context.lineWidth = 1;
  context.strokeStyle = palette.boxBorder;
  context.stroke();
  if (scale < TEXT_SCALE) return;

  context.font = TITLE_FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = headText;
  const middle = y + HEAD_HEIGHT / 2 + 0.5;
  context.fillText(isGroup ? `▸ ${box.title}` : box.title, x + 10, middle);
  context.font = ROW_FONT;
  context.textAlign = 'right';
  if (value !== undefined && value.text !== '') context.fillText(value.text, x + width - 8, middle);
  else if (isGroup && overlay === null) context.fillText(`${box.layers} layers`, x + width - 8, middle);
  if (scale >= ROWS_SCALE) drawRows(context, item, palette);
}

function drawRows(context: DrawingContext, { box, x, y, width }: SceneBox, palette: GraphPalette): void {
  let middle = y + HEAD_HEIGHT + BODY_PADDING + ROW_HEIGHT / 2;
  context.textAlign = 'left';
  for (const row of box.rows) {
    context.font = ROW_LABEL_FONT;
    context.fillStyle = palette.text;
    context.fillText(row.label, x + 9, middle);
    const left = row.label === '' ? 0 : context.measureText(row.label).width + 6;
    context.font = ROW_FONT;
    context.fillStyle = palette.muted;
    context.fillText(clipText(context, row.text, width - 18 - left), x + 9 + left, middle);
    middle += ROW_HEIGHT;
  }
}

interface Outline {
  readonly color: string;
  readonly scale: number;
}

/** Marks a box that is selected or pointed at. */
export function drawOutline(context: DrawingContext, item: SceneBox, { color, scale }: Outline): void {
  const gap = 2 / Math.min(1, scale);
  context.beginPath();
  context.roundRect(item.x - gap, item.y - gap, item.width + 2 * gap, item.height + 2 * gap, 4 + gap);
  context.lineWidth = 2 / Math.min(1, scale);
  context.strokeStyle = color;
  context.stroke();
}

/** Marks an open group's frame that is selected or pointed at. */
export function drawFrameOutline(context: DrawingContext, frame: SceneFrame, { color, scale }: Outline): void {
  context.beginPath();
  context.roundRect(frame.x, frame.y, frame.width, frame.height, 6);
  context.lineWidth = 1.5 / Math.min(1, scale);
  context.strokeStyle = color;
  context.stroke();
}

/** Height of the strip of channels at the foot of a box, scene units. */
const STRIP = 4;

/** Which channels stay, at the foot of the box: runs of one kind in one piece. */
function drawStrip(context: DrawingContext, { box, x, y, width, height }: SceneBox, state: DrawState): void {
  const strip = state.strips.get(box.id);
  if (strip === undefined || strip.length === 0) return;
  const each = (width - 2) / strip.length;
  const top = y + height - STRIP - 1;
  for (let from = 0, to = 0; from < strip.length; from = to) {
    while (to < strip.length && strip[to] === strip[from]) to++;
    context.fillStyle = strip[from] === 1 ? state.palette.kept : state.palette.gone;
    context.fillRect(x + 1 + from * each, top, (to - from) * each, STRIP);
  }
}

function drawMarks(context: DrawingContext, item: SceneBox, state: DrawState): void {
  let right = item.x + item.width + 4;
  for (const mark of state.marks.get(item.box.id) ?? []) {
    context.font = ROW_LABEL_FONT;
    const width = context.measureText(mark.text).width + 10;
    context.beginPath();
    context.roundRect(right, item.y + 4, width, 15, 3);
    context.fillStyle = mark.color;
    context.fill();
    context.fillStyle = '#ffffff';
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(mark.text, right + 5, item.y + 12);
    right += width + 3;
  }
}

function clipText(context: DrawingContext, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
