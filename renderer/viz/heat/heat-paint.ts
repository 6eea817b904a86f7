/** Marks of a heat map on a canvas, and as the text of an SVG file. */
import { HEAT_FONT, HEAT_FONT_BOLD, type HeatMark, type TextMark } from './heat-scene.ts';

/** Draws marks in their order. */
export function paintMarks(context: CanvasRenderingContext2D, marks: readonly HeatMark[]): void {
  context.textBaseline = 'middle';
  for (const mark of marks) {
    switch (mark.kind) {
      case 'rect':
        context.fillStyle = mark.fill;
        context.fillRect(mark.x, mark.y, mark.width, mark.height);
        break;
      case 'frame':
        context.strokeStyle = mark.stroke;
        context.lineWidth = mark.line;
        context.strokeRect(mark.x, mark.y, mark.width, mark.height);
        break;
      case 'text':
        context.font = mark.bold ? HEAT_FONT_BOLD : HEAT_FONT;
        context.textAlign = mark.align;
        context.fillStyle = mark.fill;
        context.fillText(mark.text, mark.x, mark.y);
        break;
    }
  }
}

const ANCHORS: Readonly<Record<TextMark['align'], string>> = { left: 'start', right: 'end', center: 'middle' };

/** Marks as an SVG document. */
export function svgOf(marks: readonly HeatMark[], size: { width: number; height: number; background: string }): string {
  const { width, height, background } = size;
  const lines = marks.map((mark) => {
    switch (mark.kind) {
      case 'rect':
        return `<rect x="${at(mark.x)}" y="${at(mark.y)}" width="${at(mark.width)}" height="${at(mark.height)}" fill="${mark.fill}"/>`;
      case 'frame':
        return `<rect x="${at(mark.x)}" y="${at(mark.y)}" width="${at(mark.width)}" height="${at(mark.height)}" fill="none" stroke="${mark.stroke}" stroke-width="${mark.line}"/>`;
      case 'text': {
        const weight = mark.bold ? ' font-weight="600"' : '';
        return `<text x="${at(mark.x)}" y="${at(mark.y)}" fill="${mark.fill}" text-anchor="${ANCHORS[mark.align]}"${weight}>${escape(mark.text)}</text>`;
      }
    }
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${at(width)}" height="${at(height)}" viewBox="0 0 ${at(width)} ${at(height)}" font-family="Inter, system-ui, sans-serif" font-size="11" dominant-baseline="central">`,
    `<rect width="100%" height="100%" fill="${background}"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

function at(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
