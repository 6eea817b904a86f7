import type { DType } from './dtype.ts';
import { float16ToFloat32 } from './half.ts';
import type { HostTensor } from './host-tensor.ts';

/** How often something was met: elements, samples that have any, and the first of these; −1: none. */
export interface ScanCount {
  readonly elements: number;
  readonly samples: number;
  readonly first: number;
}

export interface ScannedValue {
  readonly nan: ScanCount;
  readonly infinite: ScanCount;
  readonly denormal: ScanCount;
  readonly elements: number;
  /** Dimensions as last met. */
  readonly dims: readonly number[];
  /** Greatest absolute value of each channel; null: no such axis, or its size was not always the same. */
  readonly channelMax: Float64Array | null;
}

/** Least normal numbers: 2^-126, 2^-1022, 2^-14. */
const LEAST_NORMAL: Partial<Record<DType, number>> = { float32: 2 ** -126, float64: 2 ** -1022, float16: 2 ** -14 };

class Counter {
  elements = 0;
  samples = 0;
  first = -1;

  add(elements: number, sample: number): void {
    if (elements === 0) return;
    this.elements += elements;
    this.samples++;
    if (this.first < 0) this.first = sample;
  }

  taken(): ScanCount {
    return { elements: this.elements, samples: this.samples, first: this.first };
  }
}

/**
 * What is met among the elements of one value over many runs: NaN, ±∞, denormal numbers, and the greatest magnitude of each
 * channel. Linear in the elements, memory does not grow with the samples.
 */
export class ValueScan {
  readonly #axis: number | null;
  readonly #nan = new Counter();
  readonly #infinite = new Counter();
  readonly #denormal = new Counter();
  #elements = 0;
  #dims: readonly number[] = [];
  #channels: Float64Array | null | undefined;

  /** @param axis of the channels; null: it has none */
  constructor(axis: number | null) {
    this.#axis = axis;
  }

  /**
   * Adds a tensor of one run; types other than floats are passed over.
   * @param run `first`: place of its first sample in the data; `batch`: rows that were fed; `count`: how many of them are samples,
   * the others are padding. What has another first dimension is all of the first sample.
   */
  add(
    { dtype, dims, data }: HostTensor,
    { first, batch, count }: { readonly first: number; readonly batch: number; readonly count: number },
  ): void {
    const least = LEAST_NORMAL[dtype];
    if (least === undefined) return;
    const values = dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : (data as Float32Array | Float64Array);
    const rows = dims.length > 1 && dims[0] === batch ? batch : 1;
    const used = rows === 1 ? 1 : count;
    const each = values.length / rows;
    this.#dims = dims;
    this.#elements += used * each;
    const channels = this.#channelsOf(dims);
    const inner = channels === null ? 0 : dims.slice(this.#axis! + 1).reduce((product, dim) => product * dim, 1);
    for (let row = 0; row < used; row++) {
      this.#addRow(values.subarray(row * each, (row + 1) * each), { sample: first + row, least, channels, inner });
    }
  }

  #addRow(
    values: Float32Array | Float64Array,
    about: {
      readonly sample: number;
      readonly least: number;
      readonly channels: Float64Array | null;
      readonly inner: number;
    },
  ): void {
    const { sample, least, channels, inner } = about;
    let nan = 0;
    let infinite = 0;
    let denormal = 0;
    const run = channels === null ? values.length : inner;
    for (let start = 0, channel = 0; start < values.length; start += run) {
      let greatest = 0;
      const end = start + run;
      for (let at = start; at < end; at++) {
        const size = Math.abs(values[at]!);
        if (size >= least && size < Infinity) {
          if (size > greatest) greatest = size;
        } else if (size === Infinity) {
          infinite++;
          greatest = size;
        } else if (size > 0) {
          denormal++;
          if (size > greatest) greatest = size;
        } else if (size !== 0) nan++;
      }
      if (channels !== null) {
        if (greatest > channels[channel]!) channels[channel] = greatest;
        channel = channel + 1 === channels.length ? 0 : channel + 1;
      }
    }
    this.#nan.add(nan, sample);
    this.#infinite.add(infinite, sample);
    this.#denormal.add(denormal, sample);
  }

  #channelsOf(dims: readonly number[]): Float64Array | null {
    const size = this.#axis === null ? undefined : dims[this.#axis];
    if (size === undefined || size === 0) this.#channels = null;
    else if (this.#channels === undefined) this.#channels = new Float64Array(size);
    else if (this.#channels?.length !== size) this.#channels = null;
    return this.#channels ?? null;
  }

  /** What was met so far. */
  taken(): ScannedValue {
    return {
      nan: this.#nan.taken(),
      infinite: this.#infinite.taken(),
      denormal: this.#denormal.taken(),
      elements: this.#elements,
      dims: this.#dims,
      channelMax: this.#channels ?? null,
    };
  }
}
