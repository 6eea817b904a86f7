/** What the colours of a heat map mean, for pictures that leave the window. */
import type { ColorMap } from '../color-maps.ts';
import type { PlacedScale } from './heat-scale.ts';
import type { HeatMark } from './heat-scene.ts';
import type { HeatTable } from './heat-table.ts';

/** Height of the line of one scale, CSS pixels. */
const LINE = 20;
const PADDING = 8;
const RAMP = 120;
/** Of the ramp; a file knows no gradients. */
const STEPS = 40;
/** More scales than this are not told one by one. */
const MOST_SCALES = 6;

interface LegendPicture {
  readonly table: HeatTable;
  readonly scales: readonly PlacedScale[];
  readonly colors: { readonly text: string; readonly muted: string; readonly map: ColorMap };
  readonly measure: (text: string) => number;
  /** Where it begins. */
  readonly top: number;
}

/**
 * Under a heat map: for each scale its best number, the colours, its worst number and what is counted; of many scales one line that says
 * that each column has its own.
 * @returns the marks, and the height of them all
 */
export function heatLegend({ table, scales, colors, measure, top }: LegendPicture): {
  readonly marks: readonly HeatMark[];
  readonly height: number;
} {
  const own = [...new Set(scales.filter((_, at) => table.columns[at]?.plain === undefined))];
  const lines =
    own.length > MOST_SCALES
      ? [{ best: 'best of its column', worst: 'worst', what: '' }]
      : own.map((scale) => ({
          best: `best ${scale.scale.format(scale.valueAt(0))}`,
          worst: `${scale.scale.format(scale.valueAt(1))} worst`,
          what: scale.kind === 'log' ? `${scale.title}, logarithmic` : scale.title,
        }));
  // On whole pixels, or seams would show between the steps.
  const start = Math.ceil(2 * PADDING + lines.reduce((most, { best }) => Math.max(most, measure(best)), 0));
  const marks = lines.flatMap(({ best, worst, what }, at): HeatMark[] => {
    const y = top + PADDING / 2 + (at + 0.5) * LINE;
    const text = (x: number, words: string, fill: string): HeatMark => {
      return { kind: 'text', x, y, text: words, fill, align: 'left', bold: false };
    };
    const after = start + RAMP + PADDING;
    return [
      text(PADDING, best, colors.text),
      ...Array.from({ length: STEPS }, (_, step): HeatMark => {
        const fill = colors.map(step / (STEPS - 1));
        return { kind: 'rect', x: start + (step * RAMP) / STEPS, y: y - 5, width: RAMP / STEPS, height: 10, fill };
      }),
      text(after, worst, colors.text),
      text(after + measure(worst) + PADDING, what, colors.muted),
    ];
  });
  return { marks, height: lines.length === 0 ? 0 : lines.length * LINE + PADDING };
}
