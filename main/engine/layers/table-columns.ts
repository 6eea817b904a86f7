import type { ListColumn } from '../../contract/layers.ts';

/** Distinct items in the order they come, each known by its place. */
export class Table<T> {
  readonly items: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #keyOf: (item: T) => string;

  /** @param first what stands at the first places before anything is asked for */
  constructor(keyOf: (item: T) => string, first: readonly T[] = []) {
    this.#keyOf = keyOf;
    for (const item of first) this.place(item);
  }

  /** Where the item stands; it is put at the end when it is new. */
  place(item: T): number {
    const key = this.#keyOf(item);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.items.push(item);
    this.#places.set(key, this.items.length - 1);
    return this.items.length - 1;
  }
}

/** Lists of places, one after the other in one column. */
export function listColumn(lists: readonly (readonly number[])[]): ListColumn {
  const starts = new Uint32Array(lists.length + 1);
  for (const [row, list] of lists.entries()) starts[row + 1] = starts[row]! + list.length;
  const items = new Uint32Array(starts[lists.length]!);
  for (const [row, list] of lists.entries()) items.set(list, starts[row]);
  return { starts, items };
}
