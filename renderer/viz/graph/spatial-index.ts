import Flatbush from 'flatbush';
import type { Rect } from './scene.ts';

/** Finds what touches a rectangle or a point without looking at everything: a packed Hilbert R-tree. */
export class SpatialIndex<T> {
  readonly #tree: Flatbush | null;
  readonly #items: readonly T[];

  constructor(items: readonly T[], rectOf: (item: T) => Rect) {
    this.#items = items;
    // A tree of nothing cannot be built.
    this.#tree = items.length === 0 ? null : new Flatbush(items.length);
    for (const item of items) {
      const { x, y, width, height } = rectOf(item);
      this.#tree?.add(x, y, x + width, y + height);
    }
    this.#tree?.finish();
  }

  /** Items that touch the rectangle, in their first order, each once. */
  search({ x, y, width, height }: Rect): readonly T[] {
    const found = this.#tree?.search(x, y, x + width, y + height) ?? [];
    return found.sort((a, b) => a - b).map((index) => this.#items[index]!);
  }

  /** The last drawn item at a point, or undefined. */
  at(x: number, y: number): T | undefined {
    return this.search({ x, y, width: 0, height: 0 }).at(-1);
  }
}
