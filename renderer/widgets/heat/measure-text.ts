import { HEAT_FONT } from '../../viz/heat/heat-scene.ts';

let context: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();

/** Width of a text of a heat map, in pixels; remembered, as the same numbers and names are drawn in every frame. */
export function measureHeatText(text: string): number {
  const known = widths.get(text);
  if (known !== undefined) return known;
  context ??= document.createElement('canvas').getContext('2d');
  if (context === null) return text.length * 6.2;
  context.font = HEAT_FONT;
  const width = context.measureText(text).width;
  if (widths.size > 50_000) widths.clear();
  widths.set(text, width);
  return width;
}
