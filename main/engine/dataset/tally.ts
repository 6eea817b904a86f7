import type { Outcomes } from '../../contract/measurement.ts';
import { wilson, type Share } from '../../judge/statistics/binomial.ts';
import { predict } from './metrics.ts';

/** More classes than this, and the confusion matrix is left out: its square would be the largest part of the result. */
const MAX_CONFUSION_CLASSES = 256;

/** Rows of scores, in one piece. */
export interface Scores {
  readonly values: Float32Array | Float64Array;
  readonly classes: number;
}

/** What a tally says in the end. */
export interface TallyResult {
  readonly metrics: Readonly<Record<string, Share>>;
  readonly confusion: readonly (readonly number[])[] | null;
  /** What was answered on each sample. */
  readonly outcomes: Outcomes;
  readonly agreement: Share | null;
  /** Samples with a NaN among their scores. */
  readonly withNaN: number;
}

/** Counts predictions against labels and against those of a reference, batch by batch. */
export class Tally {
  readonly #labelled: boolean;
  #samples = 0;
  #classes = 0;
  #top1 = 0;
  #top5 = 0;
  #withNaN = 0;
  #compared = 0;
  #agreed = 0;
  #confusion: Uint32Array | undefined;
  readonly #right: Uint8Array;
  readonly #right5: Uint8Array;
  readonly #predicted: Int32Array;

  /** @param samples at most this many will be added */
  constructor(samples: number, labelled: boolean) {
    this.#labelled = labelled;
    this.#right = new Uint8Array(labelled ? (samples + 7) >> 3 : 0);
    this.#right5 = new Uint8Array(this.#right.length);
    this.#predicted = new Int32Array(samples);
  }

  /** @param labels class indices of the batch, or null */
  add(scores: Scores, labels: Int32Array | null, count: number, reference?: Scores): void {
    const { values, classes } = scores;
    this.#classes = classes;
    for (let row = 0; row < count; row++) {
      const label = labels?.[row] ?? -1;
      const { best, inTop5 } = predict(values, row * classes, classes, label);
      if (best < 0) this.#withNaN++;
      this.#predicted[this.#samples] = best;
      if (this.#labelled) this.#addLabelled(label, best, inTop5);
      if (reference !== undefined && reference.classes === classes) {
        const wanted = predict(reference.values, row * classes, classes, -1).best;
        this.#compared++;
        if (best >= 0 && best === wanted) this.#agreed++;
      }
      this.#samples++;
    }
  }

  #addLabelled(label: number, best: number, inTop5: boolean): void {
    const classes = this.#classes;
    const bit = 1 << (this.#samples & 7);
    if (best === label) {
      this.#top1++;
      this.#right[this.#samples >> 3]! |= bit;
    }
    if (inTop5) {
      this.#top5++;
      this.#right5[this.#samples >> 3]! |= bit;
    }
    if (classes > MAX_CONFUSION_CLASSES || best < 0) return;
    this.#confusion ??= new Uint32Array(classes * classes);
    this.#confusion[label * classes + best]!++;
  }

  result(): TallyResult {
    const metrics: Record<string, Share> = {};
    if (this.#labelled && this.#samples > 0) {
      metrics['top1'] = wilson(this.#top1, this.#samples);
      if (this.#classes > 5) metrics['top5'] = wilson(this.#top5, this.#samples);
    }
    return {
      metrics,
      confusion: this.#rows(),
      outcomes: this.#outcomes(),
      agreement: this.#compared === 0 ? null : wilson(this.#agreed, this.#compared),
      withNaN: this.#withNaN,
    };
  }

  #outcomes(): Outcomes {
    const samples = this.#samples;
    const bits = (right: Uint8Array): Uint8Array<ArrayBuffer> => right.slice(0, (samples + 7) >> 3);
    return {
      samples,
      top1: this.#labelled && samples > 0 ? bits(this.#right) : null,
      top5: this.#labelled && samples > 0 && this.#classes > 5 ? bits(this.#right5) : null,
      predicted: samples === 0 ? null : this.#predicted.slice(0, samples),
    };
  }

  #rows(): number[][] | null {
    const counts = this.#confusion;
    if (counts === undefined) return null;
    const classes = this.#classes;
    return Array.from({ length: classes }, (_, row) => [...counts.subarray(row * classes, (row + 1) * classes)]);
  }
}
