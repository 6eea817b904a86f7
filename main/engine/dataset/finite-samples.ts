import { StudioError } from '../../base/errors.ts';
import { float16ToFloat32 } from '../tensor/half.ts';
import { elementCount, type HostData, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import type { FeedBatches } from './feed-batches.ts';

/** What was found in calibration samples. */
interface Found {
  samples: number;
  /** Samples with NaN or infinite elements, and how many such elements they have. */
  bad: number;
  elements: number;
}

/**
 * Calibration data without the samples that hold NaN or infinite values: one of them would make every range of the
 * calibration meaningless. Samples are rows of the first dimension where all inputs agree on it; else the batch is one.
 * Where every sample of the first batch holds an infinity and none a NaN, that is how the model is fed (attention masks),
 * and they stay.
 */
export class CalibrationSamples {
  readonly #source: (samples: number) => FeedBatches;
  readonly #limit: number;
  #infinitiesStay = false;
  /** Of the last time that all were taken. */
  #found: Found = { samples: 0, bad: 0, elements: 0 };

  /** @param limit samples to ask for */
  constructor(source: (samples: number) => FeedBatches, limit: number) {
    this.#source = source;
    this.#limit = limit;
  }

  /**
   * The first batch that has finite samples.
   * @throws DATA_INVALID when there is none
   */
  async first(): Promise<HostTensors> {
    for await (const feeds of this.#source(this.#limit)) {
      this.#infinitiesStay =
        rowsWith(feeds, Number.isNaN).size === 0 && rowsWith(feeds, isInfinite).size === rowsOf(feeds);
      break;
    }
    for await (const feeds of this.all()) return feeds;
    const { samples } = this.#found;
    throw new StudioError(
      'DATA_INVALID',
      samples === 0
        ? 'There is no calibration sample, expected at least one'
        : `All ${samples} calibration samples hold NaN or infinite values`,
      { hint: 'Give data that the model can run on; 100 to 500 samples are usual.' },
    );
  }

  /** All batches, those that are left of them. */
  async *all(): FeedBatches {
    const isBad = this.#infinitiesStay ? Number.isNaN : (value: number): boolean => !Number.isFinite(value);
    const found: Found = { samples: 0, bad: 0, elements: 0 };
    this.#found = found;
    for await (const feeds of this.#source(this.#limit)) {
      const rows = rowsOf(feeds);
      const bad = rowsWith(feeds, isBad);
      found.samples += rows;
      found.bad += bad.size;
      for (const count of bad.values()) found.elements += count;
      if (bad.size === 0) yield feeds;
      else if (bad.size < rows) yield takeRows(feeds, rows, (row) => !bad.has(row));
    }
  }

  /** What a user should know about them. */
  notes(): readonly string[] {
    const { samples, bad, elements } = this.#found;
    if (this.#infinitiesStay) return ['Every calibration sample holds infinite values; they were taken as they are.'];
    if (bad === 0) return [];
    return [
      `${bad} of ${samples} calibration samples hold NaN or infinite values (${elements} elements) and were left out.`,
    ];
  }
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

/** The samples in a batch: the size of the first dimension that all inputs share; 1 where they do not. */
function rowsOf(feeds: HostTensors): number {
  const sizes = new Set(Object.values(feeds).map(({ dims }) => dims[0] ?? 1));
  const [size = 1] = sizes;
  return sizes.size === 1 && size > 0 ? size : 1;
}

/** Rows with such float elements, and how many. */
function rowsWith(feeds: HostTensors, isMeant: (value: number) => boolean): ReadonlyMap<number, number> {
  const rows = rowsOf(feeds);
  const bad = new Map<number, number>();
  for (const tensor of Object.values(feeds)) {
    const values = floatsOf(tensor);
    if (values === undefined) continue;
    const size = values.length / rows;
    for (let i = 0; i < values.length; i++) {
      if (!isMeant(values[i]!)) continue;
      const row = Math.floor(i / size);
      bad.set(row, (bad.get(row) ?? 0) + 1);
    }
  }
  return bad;
}

function floatsOf({ dtype, data }: HostTensor): Float32Array | Float64Array | undefined {
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : undefined;
}

/** The batch with some of its samples; all of them are copied. */
function takeRows(feeds: HostTensors, rows: number, keep: (row: number) => boolean): HostTensors {
  const kept = Array.from({ length: rows }, (_, row) => row).filter(keep);
  const take = ({ dtype, dims, data }: HostTensor): HostTensor => {
    // Elements of packed types lie several to a byte; an input of such is one sample.
    const size = data.length / rows;
    const parts = kept.map((row) => data.slice(row * size, (row + 1) * size));
    return { dtype, dims: [kept.length, ...dims.slice(1)], data: concatenate(data, parts) };
  };
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, take(tensor)]));
}

/** The first `count` samples of a batch; the batch itself where it has no more. */
export function firstSamples(feeds: HostTensors, count: number): HostTensors {
  const rows = rowsOf(feeds);
  const whole = Object.values(feeds).every(({ dims, data }) => data.length === elementCount(dims));
  return rows <= count || !whole ? feeds : takeRows(feeds, rows, (row) => row < count);
}

function concatenate(like: HostData, parts: readonly HostData[]): HostData {
  if (!ArrayBuffer.isView(like)) return (parts as (readonly string[])[]).flat();
  const views = parts as Exclude<HostData, readonly string[]>[];
  const length = views.reduce((sum, part) => sum + part.length, 0);
  const ArrayType = like.constructor as new (length: number) => Exclude<HostData, readonly string[]>;
  const joined = new ArrayType(length);
  let at = 0;
  for (const part of views) {
    // Arrays of one type each, so that numbers and bigints never mix.
    (joined as Float32Array).set(part as Float32Array, at);
    at += part.length;
  }
  return joined;
}
