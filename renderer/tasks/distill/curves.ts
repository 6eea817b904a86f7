/** Scales and paths of the curves of a training. Pure. */
import { niceTicks } from '../../../main/judge/chart/axis.ts';

/** A step and what was measured at it. */
export type CurvePlace = readonly [step: number, value: number];

/** From a value to pixels, and the values that are written beside the axis. */
export interface CurveScale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Values from 0 or a floor on, evenly: `from` … `to` become the pixels `start` … `end`. */
export function evenScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  ticks: number,
): CurveScale {
  const span = to - from || 1;
  return { at: (value) => start + ((value - from) / span) * (end - start), ticks: niceTicks([from, to], ticks) };
}

/**
 * Positive values by their logarithm, with a little room at both ends; others are left out. Ticks are 1, 2 and 5 times powers of
 * ten, or evenly spread ones where fewer than three of those lie inside.
 */
export function logScale(values: readonly number[], [start, end]: readonly [number, number]): CurveScale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  let [low, high] = positive.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
    [Infinity, 0] as readonly [number, number],
  );
  if (positive.length === 0) [low, high] = [0.1, 1];
  const room = Math.max(Math.log(high / low) * 0.06, 0.02);
  const ends = [Math.log(low) - room, Math.log(high) + room] as const;
  const even = evenScale(ends, [start, end], 4);
  return { at: (value) => even.at(Math.log(value)), ticks: logTicks(Math.exp(ends[0]), Math.exp(ends[1])) };
}

const MOST_TICKS = 6;

function logTicks(low: number, high: number): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = Array.from({ length: last - first + 1 }, (_, at) =>
      factors.map((factor) => factor * 10 ** (first + at)),
    )
      .flat()
      .filter((tick) => tick >= low && tick <= high);
    if (ticks.length < 3) return niceTicks([low, high], MOST_TICKS).filter((tick) => tick > 0);
    if (ticks.length <= MOST_TICKS) return ticks;
  }
  const decades = last - first;
  const every = Math.ceil(decades / MOST_TICKS);
  return Array.from({ length: Math.floor(decades / every) + 1 }, (_, at) => 10 ** (first + at * every)).filter(
    (tick) => tick >= low && tick <= high,
  );
}

/** The line through places as an SVG path; what has no place on the scales (a loss of 0, NaN) interrupts nothing and is left out. */
export function linePath(places: readonly CurvePlace[], x: CurveScale, y: CurveScale): string {
  let path = '';
  for (const [step, value] of places) {
    const [px, py] = [x.at(step), y.at(value)];
    if (Number.isFinite(px) && Number.isFinite(py))
      path += `${path === '' ? 'M' : 'L'}${px.toFixed(1)},${py.toFixed(1)}`;
  }
  return path;
}

/** The area between two lines over the same steps. */
export function bandPath(
  places: readonly { readonly step: number; readonly low: number; readonly high: number }[],
  x: CurveScale,
  y: CurveScale,
): string {
  const there = linePath(
    places.map(({ step, high }) => [step, high]),
    x,
    y,
  );
  const back = linePath(
    places.toReversed().map(({ step, low }) => [step, low]),
    x,
    y,
  );
  return there === '' ? '' : `${there}L${back.slice(1)}Z`;
}

/** The place nearest to a step, by halving; undefined: there is none. */
export function nearest(places: readonly CurvePlace[], step: number): CurvePlace | undefined {
  let [from, to] = [0, places.length - 1];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (places[middle]![0] <= step) from = middle;
    else to = middle;
  }
  const [a, b] = [places[from], places[to]];
  if (a === undefined || b === undefined) return a ?? b;
  return Math.abs(a[0] - step) <= Math.abs(b[0] - step) ? a : b;
}
