import { harmMap } from '../../viz/color-maps.ts';
import { layoutHeat } from '../../viz/heat/heat-layout.ts';
import { heatLegend } from '../../viz/heat/heat-legend.ts';
import { paintMarks, svgOf } from '../../viz/heat/heat-paint.ts';
import { heatScene, type HeatColors, type HeatMark } from '../../viz/heat/heat-scene.ts';
import { measureHeatText } from './measure-text.ts';
import type { Heat } from './use-heat.ts';

type Scheme = 'light' | 'dark';

/** Of files, which know no CSS variables: those of the theme. */
const COLORS: Readonly<Record<Scheme, Omit<HeatColors, 'map'>>> = {
  light: {
    text: '#000000',
    muted: '#5a6270',
    panel: '#ffffff',
    raised: '#f3f4f6',
    border: '#d9dce2',
    selection: '#e02020',
  },
  dark: {
    text: '#d6d9df',
    muted: '#9aa1ae',
    panel: '#1a1c22',
    raised: '#22252c',
    border: '#32363f',
    selection: '#ff4d4d',
  },
};

/** Wide enough for names and numbers. */
const WIDTH_OF_NAMES = 320;
const WIDTH_OF_COLUMN = 56;
const MOST_WIDTH = 1600;
/** Browsers draw no canvas that is longer. */
const MOST_PIXELS = 16_000;

interface WholePicture {
  readonly marks: readonly HeatMark[];
  readonly width: number;
  readonly height: number;
  readonly background: string;
}

/** All that is shown, scrolled away or not, and what the colours mean. */
function wholePicture({ table, scales, shown, order }: Heat, scheme: Scheme): WholePicture {
  const counts = { rows: shown.rows.length, columns: shown.columns.length };
  // As wide as the longest head, with its arrow.
  const heads = shown.columns.map((column) => measureHeatText(`${table.columns[column]!.short} ▼`) + 8);
  const column = heads.reduce((most, head) => Math.max(most, head), WIDTH_OF_COLUMN);
  const room = Math.min(MOST_WIDTH, WIDTH_OF_NAMES + column * counts.columns);
  const layout = layoutHeat(table, counts, { width: room, measure: measureHeatText });
  const { fullHeight } = layout;
  const width = Math.max(room, layout.fullWidth);
  const colors = { ...COLORS[scheme], map: harmMap[scheme] };
  const sorted = order.by === 'column' ? order : null;
  const picture = { table, scales, order: shown, layout, colors, sorted, measure: measureHeatText };
  const marks = heatScene({ ...picture, width, height: fullHeight, scroll: { left: 0, top: 0 } });
  const legend = heatLegend({ table, scales, colors, measure: measureHeatText, top: fullHeight });
  const background = colors.panel;
  return { marks: [...marks, ...legend.marks], width, height: fullHeight + legend.height, background };
}

/** The whole heat map as an SVG document. */
export function heatSvg(heat: Heat, scheme: Scheme): string {
  const { marks, ...size } = wholePicture(heat, scheme);
  return svgOf(marks, size);
}

/** The whole heat map as a PNG, twice as fine as the screen where it is not too large for that. */
export async function heatPng(heat: Heat, scheme: Scheme): Promise<Blob | null> {
  const { marks, width, height, background } = wholePicture(heat, scheme);
  const ratio = Math.min(2, MOST_PIXELS / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.scale(ratio, ratio);
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  paintMarks(context, marks);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
}
