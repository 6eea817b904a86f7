import { seededRandom } from '../tensor/random.ts';

/** A sample, and which of its views is shown. */
export interface Item {
  readonly sample: number;
  readonly view: number;
}

/**
 * Which samples each step takes: every epoch all of them, in an order of its own. Any step can be asked for at any time, so
 * that a run goes on where it was stopped.
 */
export class BatchOrder {
  readonly #samples: readonly number[];
  readonly #batch: number;
  readonly #views: number;
  readonly #seed: number;
  #epoch = -1;
  #order: readonly Item[] = [];

  /** @param samples their places; those of a batch that goes over the end of an epoch come from the next one */
  constructor(samples: readonly number[], options: { batch: number; views: number; seed: number }) {
    this.#samples = samples;
    this.#batch = Math.min(options.batch, samples.length);
    this.#views = options.views;
    this.#seed = options.seed;
  }

  /** The items of a step, counted from 0. */
  at(step: number): readonly Item[] {
    const items: Item[] = [];
    for (let place = step * this.#batch; items.length < this.#batch; place++) {
      items.push(this.#epochOrder(Math.floor(place / this.#samples.length))[place % this.#samples.length]!);
    }
    return items;
  }

  #epochOrder(epoch: number): readonly Item[] {
    if (epoch === this.#epoch) return this.#order;
    const random = seededRandom(this.#seed * 1_000_003 + epoch);
    const items = this.#samples.map((sample) => ({ sample, view: Math.floor(random() * this.#views) }));
    shuffle(items, random);
    [this.#epoch, this.#order] = [epoch, items];
    return items;
  }
}

/** Fisher and Yates, in place. */
export function shuffle<T>(items: T[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
}
