import { createHash } from 'node:crypto';
import { StudioError } from '../../base/errors.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import { imageLayout, mixIn, writeView, type ImageLayout, type View } from './augment.ts';

type Rows = Exclude<HostTensor['data'], readonly string[]>;

interface InputRows {
  readonly name: string;
  readonly dtype: HostTensor['dtype'];
  /** Of one sample. */
  readonly dims: readonly number[];
  readonly size: number;
  readonly parts: readonly Rows[];
  readonly layout: ImageLayout | undefined;
}

/** All samples of a run in memory, to be taken in any order. */
export class Samples {
  readonly count: number;
  readonly labels: Int32Array | null;
  readonly bytes: number;
  /** What a user should know. */
  readonly notes: readonly string[];
  readonly #inputs: readonly InputRows[];

  private constructor(inputs: readonly InputRows[], labels: Int32Array | null, notes: readonly string[]) {
    this.#inputs = inputs;
    this.notes = notes;
    this.count = inputs[0]?.parts.length ?? 0;
    this.labels = labels;
    this.bytes = inputs.reduce((sum, { parts }) => sum + parts.reduce((all, part) => all + part.byteLength, 0), 0);
  }

  /**
   * Reads all batches. Samples that hold NaN or infinite values are left out, unless all do so: masks hold infinities.
   * @param options.labels class of each sample; null: unknown
   * @param options.most bytes that the samples may take
   * @throws DATA_INVALID for samples that take more, and where there is none; UNSUPPORTED where inputs have no batch in common
   */
  static async read(
    batches: FeedBatches,
    { labels, most }: { readonly labels: Int32Array | null; readonly most: number },
  ): Promise<Samples> {
    const parts = new Map<string, { tensor: HostTensor; rows: Rows[] }>();
    let bytes = 0;
    for await (const feeds of batches) {
      const count = rowsOf(feeds);
      for (const [name, tensor] of Object.entries(feeds)) {
        const data = tensor.data as Rows;
        const size = data.length / count;
        const held = parts.get(name) ?? { tensor, rows: [] };
        parts.set(name, held);
        for (let row = 0; row < count; row++) held.rows.push(data.slice(row * size, (row + 1) * size));
        bytes += data.byteLength;
      }
      if (bytes > most) throw tooMuch(bytes, most);
    }
    const inputs = [...parts].map(([name, { tensor, rows }]): InputRows => {
      const dims = tensor.dims.slice(1);
      const layout = tensor.dtype === 'float32' ? imageLayout(dims) : undefined;
      return { name, dtype: tensor.dtype, dims, size: elementCount(dims), parts: rows, layout };
    });
    // A model of a fixed batch gets rows of padding after the last sample.
    const count = Math.min(labels?.length ?? Infinity, inputs[0]?.parts.length ?? 0);
    const places = Array.from({ length: count }, (_, place) => place);
    const finite = places.filter((place) => inputs.every(({ parts }) => isFinite(parts[place]!)));
    const taken = finite.length === 0 ? places : finite;
    if (taken.length === 0) {
      throw new StudioError('DATA_INVALID', 'There is no sample to train on', {
        hint: 'Give data that the model can run on; some hundred samples are usual.',
      });
    }
    const left = places.length - taken.length;
    const notes = left === 0 ? [] : [`${left} of ${count} samples hold NaN or infinite values and were left out.`];
    return new Samples(
      inputs.map((input) => ({ ...input, parts: taken.map((place) => input.parts[place]!) })),
      labels === null ? null : Int32Array.from(taken, (place) => labels[place]!),
      notes,
    );
  }

  /** The layout of the images, where the samples are images. */
  get layout(): ImageLayout | undefined {
    return this.#inputs.find(({ layout }) => layout !== undefined)?.layout;
  }

  /** SHA-256 of all of it, in hex. */
  digest(): string {
    const hash = createHash('sha256');
    for (const { name, dims, parts } of this.#inputs) {
      hash.update(JSON.stringify([name, dims]));
      for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
    return hash.update(JSON.stringify([...(this.labels ?? [])])).digest('hex');
  }

  /** Some samples as feeds, each as its view shows it. */
  feeds(items: readonly { readonly sample: number; readonly view: View }[]): HostTensors {
    const entries = this.#inputs.map(({ name, dtype, dims, size, parts, layout }) => {
      const data = newRows(parts[0]!, items.length * size);
      for (const [row, { sample, view }] of items.entries()) {
        const source = parts[sample]!;
        if (layout === undefined) data.set(source as never, row * size);
        else {
          const target = (data as Float32Array).subarray(row * size, (row + 1) * size);
          writeView(source as Float32Array, target, layout, view);
          const { mixed } = view;
          if (mixed !== undefined) mixIn(target, parts[mixed.sample] as Float32Array, mixed.share);
        }
      }
      return [name, { dtype, dims: [items.length, ...dims], data }] as const;
    });
    return Object.fromEntries(entries);
  }
}

function isFinite(values: Rows): boolean {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return true;
  return values.every((value) => Number.isFinite(value));
}

function newRows(like: Rows, length: number): Rows {
  // The constructor of a typed array makes one of its own kind.
  return new (like.constructor as new (length: number) => Rows)(length);
}

/** @throws UNSUPPORTED where the inputs' first dimensions differ */
function rowsOf(feeds: HostTensors): number {
  const sizes = new Set(Object.values(feeds).map(({ dims }) => dims[0] ?? 0));
  const [size = 0] = sizes;
  if (sizes.size === 1 && size > 0) return size;
  throw new StudioError(
    'UNSUPPORTED',
    `The inputs have no batch dimension in common: their first sizes are ${[...sizes].join(', ')}`,
    { hint: 'Distillation takes models whose inputs all begin with the batch.' },
  );
}

function tooMuch(bytes: number, most: number): StudioError {
  const mebibytes = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`;
  return new StudioError(
    'DATA_INVALID',
    `The samples take more than ${mebibytes(bytes - 1)} in memory, ${mebibytes(most)} are allowed`,
    { hint: 'Use fewer samples.' },
  );
}
