import type { Estimate } from '../../judge/statistics/interval.ts';
import { escapeHtml } from './escape.ts';
import { axisDomain, niceTicks, tickTexts, type AxisValue } from '../../judge/chart/axis.ts';
import { frontSteps } from '../../judge/chart/front-line.ts';
import { formatMs, formatNumber, formatPercent } from '../../judge/format.ts';
import type { ReportLayer, ReportPoint } from './report-input.ts';

const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { left: 64, right: 24, top: 16, bottom: 44 };

/** A linear scale from the ends of an axis to pixels. */
function scaleOf([low, high]: readonly [number, number], from: number, to: number): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** A number with its interval; a number without one is its own. */
const onAxis = ({ value, low, high }: Estimate): AxisValue => ({ value, low: low ?? value, high: high ?? value });

const px = (value: number): string => value.toFixed(1);

/** Accuracy over latency: baseline, this trial and the others, with intervals and the Pareto front. '' without points. */
export function tradeOffChart(points: readonly ReportPoint[]): string {
  if (points.length === 0) return '';
  const ends = (estimate: Estimate, domain: readonly [number, number]): readonly number[] => {
    const { low, high } = onAxis(estimate);
    // A bar that goes on beyond the picture ends at its edge.
    return [Math.max(low, domain[0]), Math.min(high, domain[1])];
  };
  const costs = axisDomain(points.map(({ latency }) => onAxis(latency)));
  const benefits = axisDomain(points.map(({ accuracy }) => onAxis(accuracy)));
  const x = scaleOf(costs, MARGIN.left, WIDTH - MARGIN.right);
  const y = scaleOf(benefits, HEIGHT - MARGIN.bottom, MARGIN.top);
  const xTicks = [...tickTexts(niceTicks(costs, 6), formatNumber)].map(
    ([tick, text]) =>
      `<g><line class="grid" x1="${px(x(tick))}" x2="${px(x(tick))}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>` +
      `<text x="${px(x(tick))}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${text}</text></g>`,
  );
  const shares = niceTicks(benefits, 5).filter((tick) => tick < 1 + 1e-9);
  const yTicks = [...tickTexts(shares, (tick, digits) => formatNumber(tick * 100, digits))].map(
    ([tick, text]) =>
      `<g><line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>` +
      `<text x="${MARGIN.left - 6}" y="${px(y(tick) + 4)}" text-anchor="end">${text}</text></g>`,
  );
  const drawn = points.map(({ latency, accuracy, onFront }) => ({
    cost: latency.value,
    benefit: accuracy.value,
    onFront,
  }));
  const front = frontSteps(drawn).map(({ cost, benefit }) => `${px(x(cost))},${px(y(benefit))}`);
  const marks = points.map(({ name, latency, accuracy, kind }) => {
    const [left, top] = [x(latency.value), y(accuracy.value)];
    const [cx, cy] = [px(left), px(top)];
    const title = `${name}: ${formatMs(latency.value)}, ${formatPercent(accuracy.value)}`;
    // Beside the point, on the side with room; above it the interval's bar would cross the name.
    const right = left < WIDTH * 0.7;
    const place = `x="${px(left + (right ? 10 : -10))}" y="${px(top + 4)}"`;
    const anchor = right ? 'start' : 'end';
    const label =
      kind === 'other' ? '' : `<text class="label" ${place} text-anchor="${anchor}">${escapeHtml(name)}</text>`;
    const [lowX, highX] = ends(latency, costs).map((value) => px(x(value)));
    const [lowY, highY] = ends(accuracy, benefits).map((value) => px(y(value)));
    const mark =
      `<g class="point ${kind}"><title>${escapeHtml(title)}</title>` +
      `<line x1="${cx}" x2="${cx}" y1="${lowY}" y2="${highY}"/><line x1="${lowX}" x2="${highX}" y1="${cy}" y2="${cy}"/>` +
      `<circle cx="${cx}" cy="${cy}" r="5"/></g>`;
    return { mark, label };
  });
  return svg('Accuracy over latency', HEIGHT, [
    ...xTicks,
    ...yTicks,
    `<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 6}" text-anchor="middle">Latency p50, ms</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">Accuracy, %</text>`,
    `<polyline class="front" points="${front.join(' ')}"/>`,
    ...marks.map(({ mark }) => mark),
    // Names last: no other point lies on them.
    ...marks.map(({ label }) => label),
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
