import { magnitudeMap, textOn } from '../../../viz/color-maps.ts';
import type { CanvasFrame } from '../../../widgets/Canvas.tsx';
import { cellText } from '../heatmap.ts';
import type { CellPosition, Heatmap } from '../heatmap.ts';

export const ROW_HEIGHT = 20;
export const HEADER_HEIGHT = 24;

/** Where things are: the names take what the columns leave. */
export interface HeatmapGeometry {
  readonly nameWidth: number;
  readonly columnWidth: number;
}

/** Divides the width between names and columns. */
export function heatmapGeometry(width: number, columns: number): HeatmapGeometry {
  const columnWidth = Math.max(52, Math.min(110, (width * 0.62) / columns));
  return { nameWidth: Math.max(60, width - columnWidth * columns), columnWidth };
}

/** Everything that the picture of the heatmap depends on. */
export interface HeatmapPicture {
  readonly heatmap: Heatmap;
  readonly scrollTop: number;
  readonly selected: string | null;
  readonly hovered: string | null;
  readonly active: CellPosition | null;
}

/** Draws the visible rows: name, then one coloured cell with its number for each metric. */
export function drawHeatmap(frame: CanvasFrame, picture: HeatmapPicture): void {
  const { context, width, height, colors } = frame;
  const { heatmap, scrollTop, selected, hovered, active } = picture;
  const { nameWidth, columnWidth } = heatmapGeometry(width, heatmap.columns.length);
  context.font = '11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'middle';
  const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT));
  const last = Math.min(heatmap.layers.length - 1, Math.ceil((scrollTop + height) / ROW_HEIGHT));
  for (let row = first; row <= last; row += 1) {
    const layer = heatmap.layers[row]!;
    const top = HEADER_HEIGHT + row * ROW_HEIGHT - scrollTop;
    const middle = top + ROW_HEIGHT / 2;
    if (layer.name === hovered || layer.name === selected) {
      context.fillStyle = colors.raised;
      context.fillRect(0, top, nameWidth, ROW_HEIGHT);
    }
    context.textAlign = 'left';
    context.fillStyle = colors.text;
    context.fillText(fit(context, layer.name, nameWidth - 14), 8, middle);
    heatmap.columns.forEach((column, index) => {
      const left = nameWidth + index * columnWidth;
      const cell = heatmap.cells[row]![index]!;
      const color = cell === null ? colors.raised : magnitudeMap(cell);
      context.fillStyle = color;
      context.fillRect(left + 0.5, top + 0.5, columnWidth - 1, ROW_HEIGHT - 1);
      context.fillStyle = cell === null ? colors.muted : textOn(color);
      context.textAlign = 'right';
      context.fillText(cellText(layer, column.metric), left + columnWidth - 6, middle);
    });
    if (layer.name === selected) {
      context.strokeStyle = colors.selection;
      context.lineWidth = 2;
      context.strokeRect(1, top + 1, width - 2, ROW_HEIGHT - 2);
    }
    if (active?.row === row) {
      context.strokeStyle = colors.text;
      context.lineWidth = 1.5;
      context.strokeRect(nameWidth + active.column * columnWidth + 1.5, top + 1.5, columnWidth - 3, ROW_HEIGHT - 3);
    }
  }
  drawHeader(frame, heatmap, { nameWidth, columnWidth });
}

function drawHeader({ context, width, colors }: CanvasFrame, heatmap: Heatmap, geometry: HeatmapGeometry): void {
  context.fillStyle = colors.raised;
  context.fillRect(0, 0, width, HEADER_HEIGHT);
  context.fillStyle = colors.muted;
  context.textAlign = 'left';
  context.fillText('Layer', 8, HEADER_HEIGHT / 2);
  context.textAlign = 'right';
  heatmap.columns.forEach((column, index) => {
    const right = geometry.nameWidth + (index + 1) * geometry.columnWidth - 6;
    context.fillText(fit(context, column.short, geometry.columnWidth - 8), right, HEADER_HEIGHT / 2);
  });
}

/** Shortens a name in the middle so that its last part, which tells layers apart, stays. */
function fit(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let keep = text.length - 1;
  while (keep > 4 && context.measureText(`…${text.slice(-keep)}`).width > width) keep -= 1;
  return `…${text.slice(-keep)}`;
}
