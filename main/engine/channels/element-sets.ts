/**
 * Sets of elements that stand or fall together (union-find by size, with path halving), and why some must stay. Elements are
 * numbered; memory is 8 bytes each.
 */
export class ElementSets {
  readonly #parent: Int32Array;
  /** At roots: place in `#reasons`; 0: may go. */
  readonly #frozen: Int32Array;
  readonly #reasons: string[] = [''];
  readonly #known = new Map<string, number>();

  constructor(count: number) {
    this.#parent = new Int32Array(count).fill(-1);
    this.#frozen = new Int32Array(count);
  }

  /** The element that stands for the set. */
  root(element: number): number {
    const parent = this.#parent;
    let at = element;
    // A root holds its set's size as a negative number.
    while (parent[at]! >= 0) {
      const up = parent[at]!;
      if (parent[up]! >= 0) parent[at] = parent[up]!;
      at = up;
    }
    return at;
  }

  /** Joins two sets; what froze one freezes both. */
  join(a: number, b: number): void {
    let large = this.root(a);
    let small = this.root(b);
    if (large === small) return;
    const parent = this.#parent;
    if (parent[large]! > parent[small]!) [large, small] = [small, large];
    parent[large] = parent[large]! + parent[small]!;
    parent[small] = large;
    if (this.#frozen[large] === 0) this.#frozen[large] = this.#frozen[small]!;
  }

  /** The element's set stays; the first reason is kept. */
  freeze(element: number, reason: string): void {
    const root = this.root(element);
    if (this.#frozen[root] !== 0) return;
    let place = this.#known.get(reason);
    if (place === undefined) {
      place = this.#reasons.push(reason) - 1;
      this.#known.set(reason, place);
    }
    this.#frozen[root] = place;
  }

  /** Why the element's set stays; undefined: it may go. */
  reason(element: number): string | undefined {
    const place = this.#frozen[this.root(element)]!;
    return place === 0 ? undefined : this.#reasons[place];
  }

  isFrozen(element: number): boolean {
    return this.#frozen[this.root(element)] !== 0;
  }
}
