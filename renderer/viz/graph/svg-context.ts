/** Draws as a 2-D canvas does, into the text of an SVG file: what is drawn on screen is written as vectors, by the same code. */
import type { DrawingContext } from './drawing-context.ts';

/** The middle of a text stands so far above its baseline, in font sizes: (ascent − descent) / 2 of the typeface. */
const MIDDLE = 0.363;
const DECIMALS = 2;

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];
const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

interface Style {
  readonly fillStyle: string;
  readonly strokeStyle: string;
  readonly lineWidth: number;
  readonly globalAlpha: number;
  readonly font: string;
  readonly textAlign: CanvasTextAlign;
  readonly textBaseline: CanvasTextBaseline;
  readonly dash: readonly number[];
  readonly matrix: Matrix;
}

export class SvgContext implements DrawingContext {
  fillStyle = '#000000';
  strokeStyle = '#000000';
  lineWidth = 1;
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign: CanvasTextAlign = 'left';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  readonly #measure: (text: string, font: string) => number;
  readonly #parts: string[] = [];
  readonly #fonts = new Map<string, string>();
  readonly #saved: Style[] = [];
  #dash: readonly number[] = [];
  #matrix: Matrix = IDENTITY;
  #path = '';
  /** The current point, in the drawing's coordinates. */
  #at: readonly [number, number] = [0, 0];

  /** @param measure width of a text in a CSS font, pixels */
  constructor(measure: (text: string, font: string) => number) {
    this.#measure = measure;
  }

  /** The file. @param size of the picture, and the part of the drawing that it shows */
  file(size: { readonly width: number; readonly height: number }, part: string, title: string): string {
    const fonts = [...this.#fonts].map(([font, name]) => `.${name}{font:${font}}`).join('');
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${number(size.width)}" height="${number(size.height)}" viewBox="${part}">`,
      `<title>${escaped(title)}</title>`,
      `<style>${escaped(fonts)}</style>`,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }

  beginPath(): void {
    this.#path = '';
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${pair(x, y)}`;
    this.#at = [x, y];
  }

  lineTo(x: number, y: number): void {
    this.#path += `L${pair(x, y)}`;
    this.#at = [x, y];
  }

  closePath(): void {
    this.#path += 'Z';
  }

  /** A corner at (x1, y1) towards (x2, y2), rounded with a radius: a line to where the arc begins, then the arc. */
  arcTo(x1: number, y1: number, x2: number, y2: number, radius: number): void {
    const [x0, y0] = this.#at;
    const before = Math.hypot(x0 - x1, y0 - y1);
    const after = Math.hypot(x2 - x1, y2 - y1);
    const cross = (x0 - x1) * (y2 - y1) - (y0 - y1) * (x2 - x1);
    if (before === 0 || after === 0 || radius === 0 || Math.abs(cross) < 1e-9) {
      this.lineTo(x1, y1);
      return;
    }
    const dot = ((x0 - x1) * (x2 - x1) + (y0 - y1) * (y2 - y1)) / (before * after);
    const length = radius / Math.tan(Math.acos(Math.max(-1, Math.min(1, dot))) / 2);
    const end: readonly [number, number] = [x1 + ((x2 - x1) / after) * length, y1 + ((y2 - y1) / after) * length];
    this.lineTo(x1 + ((x0 - x1) / before) * length, y1 + ((y0 - y1) / before) * length);
    this.#path += `A${number(radius)} ${number(radius)} 0 0 ${cross < 0 ? 1 : 0} ${pair(...end)}`;
    this.#at = end;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path += `M${pair(x, y)}h${number(width)}v${number(height)}h${number(-width)}Z`;
  }

  /** @param radii one for all corners, or those of the corners from the upper left clockwise */
  roundRect(x: number, y: number, width: number, height: number, radii: number | number[] = 0): void {
    const most = Math.min(width, height) / 2;
    const list = typeof radii === 'number' ? [radii, radii, radii, radii] : radii;
    const [a = 0, b = 0, c = 0, d = 0] = list.map((radius) => Math.min(radius, most));
    const arc = (radius: number, dx: number, dy: number): string =>
      radius === 0 ? '' : `a${number(radius)} ${number(radius)} 0 0 1 ${number(dx)} ${number(dy)}`;
    this.#path +=
      `M${pair(x + a, y)}h${number(width - a - b)}${arc(b, b, b)}v${number(height - b - c)}${arc(c, -c, c)}` +
      `h${number(-(width - c - d))}${arc(d, -d, -d)}v${number(-(height - d - a))}${arc(a, a, -a)}Z`;
  }

  fill(): void {
    this.#put('path', `d="${this.#path}" ${this.#paint('fill', this.fillStyle)}`);
  }

  stroke(): void {
    const dash =
      this.#dash.length === 0 ? '' : ` stroke-dasharray="${this.#dash.map((length) => number(length)).join(' ')}"`;
    const width = this.lineWidth === 1 ? '' : ` stroke-width="${number(this.lineWidth)}"`;
    this.#put('path', `d="${this.#path}" fill="none" ${this.#paint('stroke', this.strokeStyle)}${width}${dash}`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const place = `x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"`;
    this.#put('rect', `${place} ${this.#paint('fill', this.fillStyle)}`);
  }

  fillText(text: string, x: number, y: number): void {
    const size = Number(/([\d.]+)px/.exec(this.font)?.[1] ?? 10);
    const baseline = this.textBaseline === 'middle' ? y + MIDDLE * size : y;
    const anchor = { center: ' text-anchor="middle"', right: ' text-anchor="end"' }[this.textAlign as string] ?? '';
    const place = `x="${number(x)}" y="${number(baseline)}" class="${this.#fontName()}"${anchor}`;
    if (text !== '') this.#put('text', `${place} ${this.#paint('fill', this.fillStyle)}`, escaped(text));
  }

  measureText(text: string): { readonly width: number } {
    return { width: this.#measure(text, this.font) };
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = dash;
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline } = this;
    const style = { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline };
    this.#saved.push({ ...style, dash: this.#dash, matrix: this.#matrix });
  }

  restore(): void {
    const last = this.#saved.pop();
    if (last === undefined) return;
    const { dash, matrix, ...style } = last;
    Object.assign(this, style);
    this.#dash = dash;
    this.#matrix = matrix;
  }

  translate(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    this.#matrix = [a, b, c, d, a * x + c * y + e, b * x + d * y + f];
  }

  scale(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    this.#matrix = [a * x, b * x, c * y, d * y, e, f];
  }

  /** @param angle radians */
  rotate(angle: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f];
  }

  #put(tag: string, attributes: string, content = ''): void {
    const still = this.#matrix.every((value, at) => value === IDENTITY[at]);
    const transform = still ? '' : ` transform="matrix(${this.#matrix.map((value) => number(value, 4)).join(' ')})"`;
    this.#parts.push(
      content === '' ? `<${tag} ${attributes}${transform}/>` : `<${tag} ${attributes}${transform}>${content}</${tag}>`,
    );
  }

  /** A colour with its opacity apart: not every reader of SVG knows rgba(). */
  #paint(what: 'fill' | 'stroke', color: string): string {
    const rgba = /^rgba\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)[\s,/]+([\d.]+)\s*\)$/.exec(color);
    const opacity = this.globalAlpha * Number(rgba?.[4] ?? 1);
    const shown = rgba === null ? color : `rgb(${rgba[1]},${rgba[2]},${rgba[3]})`;
    return `${what}="${escaped(shown)}"${opacity === 1 ? '' : ` ${what}-opacity="${number(opacity)}"`}`;
  }

  #fontName(): string {
    const known = this.#fonts.get(this.font);
    if (known !== undefined) return known;
    const name = `f${this.#fonts.size}`;
    this.#fonts.set(this.font, name);
    return name;
  }
}

const pair = (x: number, y: number): string => `${number(x)} ${number(y)}`;

function number(value: number, decimals = DECIMALS): string {
  return String(Number(value.toFixed(decimals)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
