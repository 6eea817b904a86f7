import type { Rect } from './scene.ts';

/** Cells of a uniform grid, scene units: a few boxes each. */
const CELL = 320;

/** Finds what touches a rectangle or a point without looking at everything. */
export class SpatialIndex<T> {
  readonly #cells = new Map<string, number[]>();
  readonly #rects: readonly Rect[];
  readonly #items: readonly T[];

  constructor(items: readonly T[], rectOf: (item: T) => Rect) {
    this.#items = items;
    this.#rects = items.map(rectOf);
    for (const [index, rect] of this.#rects.entries()) {
      for (const key of cellsOf(rect)) {
        const cell = this.#cells.get(key);
        if (cell === undefined) this.#cells.set(key, [index]);
        else cell.push(index);
      }
    }
  }

  /** Items that touch the rectangle, in their first order, each once. */
  search(area: Rect): readonly T[] {
    // A look at the whole scene touches nearly every cell: then going over the items is cheaper.
    const cells = ((area.width / CELL) | 0) * ((area.height / CELL) | 0);
    const candidates = cells > this.#items.length ? this.#items.keys() : this.#candidates(area);
    const found: number[] = [];
    for (const index of candidates) if (touches(this.#rects[index]!, area)) found.push(index);
    return found.sort((a, b) => a - b).map((index) => this.#items[index]!);
  }

  /** The last drawn item at a point, or undefined. */
  at(x: number, y: number): T | undefined {
    return this.search({ x, y, width: 0, height: 0 }).at(-1);
  }

  #candidates(area: Rect): Iterable<number> {
    const found = new Set<number>();
    for (const key of cellsOf(area)) for (const index of this.#cells.get(key) ?? []) found.add(index);
    return found;
  }
}

function* cellsOf({ x, y, width, height }: Rect): Generator<string> {
  for (let row = Math.floor(y / CELL); row <= Math.floor((y + height) / CELL); row++) {
    for (let column = Math.floor(x / CELL); column <= Math.floor((x + width) / CELL); column++)
      yield `${column},${row}`;
  }
}

function touches(a: Rect, b: Rect): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}
