/** The geometry that charts of the window and of the report share. */

/** A value on an axis with the ends of its interval. */
export interface AxisValue {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Ends of an axis: all values with some room; error bars are counted up to the span of the values themselves. */
export function axisDomain(ranges: readonly AxisValue[]): [number, number] {
  if (ranges.length === 0) return [0, 1];
  const values = ranges.map((range) => range.value);
  const min = Math.min(...values);
  const max = Math.max(...values);
  const reach = max > min ? (max - min) * 0.5 : Math.abs(max) * 0.1 || 0.5;
  const low = Math.max(min - reach, Math.min(...ranges.map((range) => range.low)));
  const high = Math.min(max + reach, Math.max(...ranges.map((range) => range.high)));
  const room = (high - low) * 0.12 || Math.abs(high) * 0.1 || 0.5;
  // No cost and no benefit is below nothing.
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** Round steps that cut a range into about `count` parts: 1, 2 or 5 times a power of ten. */
export function niceTicks([low, high]: readonly [number, number], count: number): readonly number[] {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}

const MOST_DIGITS = 8;

/**
 * The ticks as texts, in as few significant digits, three at least, as tell them apart: 95.48 %, 95.5 % and not twice 95.5 %.
 * @param format a number in so many digits
 */
export function tickTexts(
  ticks: readonly number[],
  format: (value: number, digits: number) => string,
): ReadonlyMap<number, string> {
  for (let digits = 3; ; digits++) {
    const texts = ticks.map((tick) => format(tick, digits));
    if (digits === MOST_DIGITS || new Set(texts).size === ticks.length)
      return new Map(ticks.map((tick, at) => [tick, texts[at]!]));
  }
}
