/** An array with `value` at every place; empty for a count below 1. */
export function filled<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
