import { seededRandom } from '../tensor/random.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { drawMixed, drawView, PLAIN, type Augmentation, type View } from './augment.ts';
import type { Item } from './batch-order.ts';
import type { Samples } from './samples.ts';

/**
 * Samples, each with some views drawn once: so the teacher need not look again at what it has seen, and any step can be made
 * again. View 0 is the sample as it is.
 */
export class ViewedSamples {
  readonly #samples: Samples;
  readonly #views: readonly (readonly View[])[];

  /** @param views of each sample, the first of them `PLAIN` */
  constructor(samples: Samples, views: (sample: number) => readonly View[]) {
    this.#samples = samples;
    this.#views = Array.from({ length: samples.count }, (_, sample) => views(sample));
  }

  /**
   * @param options.most views of each sample
   * @param options.others samples that views are mixed with; none by default
   */
  static drawn(
    samples: Samples,
    options: {
      readonly kind: Augmentation;
      readonly most: number;
      readonly seed: number;
      readonly others?: readonly number[];
    },
  ): ViewedSamples {
    const { kind, most, seed, others = [] } = options;
    const { layout } = samples;
    const random = seededRandom(seed + 2);
    const drawn = layout === undefined || kind === 'none' ? 0 : most - 1;
    return new ViewedSamples(samples, () => [
      PLAIN,
      ...Array.from({ length: drawn }, () => drawMixed(random, drawView(random, kind, layout!), others)),
    ]);
  }

  /** Views of each sample. */
  get views(): number {
    return this.#views[0]?.length ?? 1;
  }

  get labels(): Int32Array | null {
    return this.#samples.labels;
  }

  /**
   * Items as feeds.
   * @param inputs of the model that takes them, where its names differ: matched by name, else by position
   */
  feeds(items: readonly Item[], inputs?: readonly { readonly name: string }[]): HostTensors {
    const feeds = this.#samples.feeds(items.map(({ sample, view }) => ({ sample, view: this.#views[sample]![view]! })));
    if (inputs === undefined || inputs.every(({ name }) => name in feeds)) return feeds;
    const tensors = Object.values(feeds);
    return Object.fromEntries(inputs.map(({ name }, at) => [name, feeds[name] ?? tensors[at]!]));
  }
}
