/** One line of the speed and size report: a ratio, or a size in a unit that the name says, against its limit. */
export interface BenchRow {
  readonly name: string;
  readonly ratio: number;
  /** The ratio must not pass this. */
  readonly limit: number;
  readonly pass: boolean;
}

/** A row that passes while `ratio` is at most `limit`. */
export function atMost(name: string, ratio: number, limit: number): BenchRow {
  return { name, ratio, limit, pass: ratio <= limit };
}

/** A row without a limit, for comparison. */
export function told(name: string, ratio: number): BenchRow {
  return { name, ratio, limit: Infinity, pass: true };
}

/** Median of a few measurements. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
