import type { Estimate } from '../../judge/statistics/interval.ts';
import { escapeHtml } from './escape.ts';
import { formatMs, formatPercent } from '../../judge/format.ts';
import type { ReportLayer, ReportPoint } from './report-input.ts';

const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { left: 64, right: 24, top: 16, bottom: 44 };

/** Round steps that cut a range into about `count` parts: 1, 2 or 5 times a power of ten. */
export function niceTicks(low: number, high: number, count: number): readonly number[] {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}

/** A linear scale over the values with some air at both ends. */
function scaleOf(values: readonly number[], from: number, to: number) {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const air = (max - min || Math.abs(max) || 1) * 0.08;
  const [low, high] = [min - air, max + air];
  return { low, high, at: (value: number): number => from + ((value - low) / (high - low)) * (to - from) };
}

/** Ticks are round, so what lies beyond six digits is the error of binary fractions. */
const tickText = (tick: number): string => String(Number(tick.toPrecision(6)));

const px = (value: number): string => value.toFixed(1);

/** Accuracy over latency: baseline, this trial and the others, with intervals and the Pareto front. '' without points. */
export function tradeOffChart(points: readonly ReportPoint[]): string {
  if (points.length === 0) return '';
  const ends = ({ value, low, high }: Estimate): number[] => [low ?? value, value, high ?? value];
  const x = scaleOf(
    points.flatMap(({ latency }) => ends(latency)),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scaleOf(
    points.flatMap(({ accuracy }) => ends(accuracy)),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const xTicks = niceTicks(x.low, x.high, 6).map(
    (tick) =>
      `<g><line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>` +
      `<text x="${px(x.at(tick))}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${tickText(tick)}</text></g>`,
  );
  const yTicks = niceTicks(y.low, y.high, 5).map(
    (tick) =>
      `<g><line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}"/>` +
      `<text x="${MARGIN.left - 6}" y="${px(y.at(tick) + 4)}" text-anchor="end">${tickText(tick * 100)}</text></g>`,
  );
  const front = points
    .filter(({ onFront }) => onFront)
    .toSorted((a, b) => a.latency.value - b.latency.value)
    .map(({ latency, accuracy }) => `${px(x.at(latency.value))},${px(y.at(accuracy.value))}`);
  const marks = points.map(({ name, latency, accuracy, kind }) => {
    const [left, top] = [x.at(latency.value), y.at(accuracy.value)];
    const [cx, cy] = [px(left), px(top)];
    const title = `${name}: ${formatMs(latency.value)}, ${formatPercent(accuracy.value)}`;
    // Beside the point, on the side with room; above it the interval's bar would cross the name.
    const right = left < WIDTH * 0.7;
    const place = `x="${px(left + (right ? 10 : -10))}" y="${px(top + 4)}"`;
    const anchor = right ? 'start' : 'end';
    const label =
      kind === 'other' ? '' : `<text class="label" ${place} text-anchor="${anchor}">${escapeHtml(name)}</text>`;
    const [lowX, , highX] = ends(latency).map((value) => px(x.at(value)));
    const [lowY, , highY] = ends(accuracy).map((value) => px(y.at(value)));
    return (
      `<g class="point ${kind}"><title>${escapeHtml(title)}</title>` +
      `<line x1="${cx}" x2="${cx}" y1="${lowY}" y2="${highY}"/><line x1="${lowX}" x2="${highX}" y1="${cy}" y2="${cy}"/>` +
      `<circle cx="${cx}" cy="${cy}" r="5"/>${label}</g>`
    );
  });
  return svg('Accuracy over latency', HEIGHT, [
    ...xTicks,
    ...yTicks,
    `<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 6}" text-anchor="middle">Latency p50, ms</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">Accuracy, %</text>`,
    `<polyline class="front" points="${front.join(' ')}"/>`,
    ...marks,
  ]);
}

const BAR = 20;
const NAME_WIDTH = 240;
const MAX_BARS = 15;

/** The slowest layers as bars, the baseline's time as a thin one below. '' without times. */
export function layerTimeChart(layers: readonly ReportLayer[]): string {
  const timed = layers.filter(({ timeMs }) => timeMs !== null && timeMs > 0);
  const slowest = [...timed].sort((a, b) => b.timeMs! - a.timeMs!).slice(0, MAX_BARS);
  if (slowest.length === 0) return '';
  const longest = Math.max(...slowest.flatMap(({ timeMs, baselineTimeMs }) => [timeMs!, baselineTimeMs ?? 0]));
  const width = (ms: number): string => px((ms / longest) * (WIDTH - NAME_WIDTH - 80));
  const bars = slowest.map(({ name, op, timeMs, baselineTimeMs }, index) => {
    const y = index * BAR;
    const short = name.length > 34 ? `…${name.slice(-33)}` : name;
    const base =
      baselineTimeMs === null
        ? ''
        : `<rect class="base" x="${NAME_WIDTH}" y="${y + 13}" width="${width(baselineTimeMs)}" height="3"/>`;
    return (
      `<g><title>${escapeHtml(`${name} (${op})`)}</title><text x="${NAME_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escapeHtml(short)}</text>` +
      `<rect class="bar" x="${NAME_WIDTH}" y="${y + 3}" width="${width(timeMs!)}" height="9"/>${base}` +
      `<text x="${NAME_WIDTH + Number(width(Math.max(timeMs!, baselineTimeMs ?? 0))) + 6}" y="${y + 13}">${formatMs(timeMs!)}</text></g>`
    );
  });
  return svg('The slowest layers', slowest.length * BAR + 4, bars);
}

function svg(title: string, height: number, content: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${content.join('')}</svg>`;
}
