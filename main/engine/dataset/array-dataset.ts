import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { ArrayReader, ArraySource } from './array-source.ts';
import { contentOf } from './content.ts';
import type { Batch, BatchOptions, Content, ContentOptions, Dataset, InputSpec } from './dataset.ts';
import { batchSizeFor, onlyInput } from './feeding.ts';
import { planPreparation, type Preparation } from './prepare.ts';
import { prefetch } from './prefetch.ts';
import type { NumericData } from './raw-samples.ts';
import { pickLabels, selectingReader } from './select.ts';

type Description = Omit<
  Dataset,
  'samples' | 'labelled' | 'labels' | 'sampleShape' | 'sampleDtype' | 'describe' | 'batches' | 'contents'
>;

/** Everything about an array data set but how it is read. */
export interface ArrayDatasetParts extends Description {
  /** The array with the samples; undefined when the arrays are named as the model's inputs. */
  readonly samplesOf: ArraySource | undefined;
  /** All arrays, by name. */
  readonly arrays: ReadonlyMap<string, ArraySource>;
  /** With the offset added. */
  readonly labels: Int32Array | null;
}

interface Feed {
  readonly input: InputSpec;
  readonly source: ArraySource;
  readonly preparation: Preparation;
}

/**
 * A data set whose samples lie in arrays, samples first.
 * @throws DATA_SHAPE when labels and samples differ in number
 */
export function arrayDataset({ samplesOf, arrays, labels, ...description }: ArrayDatasetParts): Dataset {
  const first = samplesOf ?? [...arrays.values()][0]!;
  const samples = first.dims[0] ?? 0;
  if (labels !== null && labels.length !== samples) {
    throw new StudioError(
      'DATA_SHAPE',
      `'${first.name}' has ${samples} samples, but there are ${labels.length} labels`,
      {
        hint: 'Are both of the same split? Name the right file with --labels.',
      },
    );
  }
  const feedsFor = (inputs: readonly InputSpec[]): readonly Feed[] =>
    chooseSources(samplesOf, arrays, inputs, description.name).map(({ input, source }) => {
      const raw = { name: source.name, dtype: source.dtype, dims: source.dims.slice(1) };
      return { input, source, preparation: planPreparation(raw, input, description.preprocessing) };
    });
  return {
    ...description,
    samples,
    labelled: labels !== null,
    labels,
    sampleShape: samplesOf === undefined ? null : samplesOf.dims.slice(1),
    sampleDtype: samplesOf?.dtype ?? null,
    describe: (inputs) =>
      feedsFor(inputs)
        .map(({ source, preparation }) => `${shown(source)}: ${preparation.sentence}`)
        .join('; '),
    batches: (inputs, batchSize, options = {}) =>
      prefetch(readBatches(feedsFor(inputs), { samples, labels, batchSize, ...options }), 1),
    contents: (options = {}) =>
      readContents(samplesOf === undefined ? [...arrays.values()] : [samplesOf], samples, options),
  };
}

const shown = ({ name, dtype, dims }: ArraySource): string => `'${name}' ${dims.slice(1).join('×')} ${dtype}`;

/** Which array feeds which input. */
function chooseSources(
  samplesOf: ArraySource | undefined,
  arrays: ReadonlyMap<string, ArraySource>,
  inputs: readonly InputSpec[],
  name: string,
): readonly { readonly input: InputSpec; readonly source: ArraySource }[] {
  const byName = inputs.map((input) => ({ input, source: arrays.get(input.name) }));
  const missing = byName.filter(({ source }) => source === undefined).map(({ input }) => input.name);
  if (missing.length === 0) return byName.map(({ input, source }) => ({ input, source: source! }));
  if (samplesOf !== undefined) return [{ input: onlyInput(inputs, name), source: samplesOf }];
  throw new StudioError(
    'DATA_SHAPE',
    `Data '${name}' has the arrays ${[...arrays.keys()].join(', ')}, but none for the input ${missing.join(', ')}`,
    { hint: 'Name the arrays as the inputs are, or the one with the samples x.' },
  );
}

interface Reading extends BatchOptions {
  readonly samples: number;
  readonly labels: Int32Array | null;
  readonly batchSize: number;
}

async function* readBatches(feeds: readonly Feed[], reading: Reading): AsyncGenerator<Batch, void, void> {
  const { samples, batchSize, indices = null, limit, signal, floats } = reading;
  const labels = pickLabels(reading.labels, indices);
  const total = Math.min(indices?.length ?? samples, limit ?? samples);
  const unbatched = feeds.some(({ preparation }) => preparation.unbatched);
  const { size, fixed } = unbatched
    ? { size: 1, fixed: true }
    : batchSizeFor(
        feeds.map(({ input }) => input),
        batchSize,
      );
  const readers = [];
  try {
    for (const { source } of feeds) readers.push(await openSelected(source, indices));
    for (let start = 0; start < total; start += size) {
      throwIfCancelled(signal, 'Reading data');
      const count = Math.min(size, total - start);
      const rows = fixed ? size : count;
      const tensors: Record<string, HostTensor> = {};
      for (const [index, { input, preparation }] of feeds.entries()) {
        const part = await readers[index]!.read(count);
        const { dims, dtype } = preparation;
        const data = preparation.convert(part.data as NumericData, count, rows, floats);
        tensors[input.name] = { dtype, dims: preparation.unbatched ? dims : [rows, ...dims], data };
      }
      yield { feeds: tensors, labels: labels === null ? null : labels.subarray(start, start + count), count };
    }
  } finally {
    for (const reader of readers) await reader.close();
  }
}

async function openSelected(source: ArraySource, indices: Uint32Array | null): Promise<ArrayReader> {
  const reader = await source.open();
  return indices === null ? reader : selectingReader(reader, indices);
}

/** Samples read at once for their content. */
const CONTENT_ROWS = 256;

async function readContents(
  sources: readonly ArraySource[],
  samples: number,
  { indices = null, sizes, signal }: ContentOptions,
): Promise<readonly Content[]> {
  const total = indices?.length ?? samples;
  const contents: Content[] = [];
  const readers: ArrayReader[] = [];
  try {
    for (const source of sources) readers.push(await openSelected(source, indices));
    while (contents.length < total) {
      throwIfCancelled(signal, 'Reading data');
      const count = Math.min(CONTENT_ROWS, total - contents.length);
      const parts = await Promise.all(readers.map((reader) => reader.read(count)));
      for (let row = 0; row < count; row++) contents.push(contentOf(parts, row));
      // All samples of an array are of one size.
      if (sizes?.has(contents[0]!.bytes) === false) {
        return Array.from({ length: total }, () => ({ bytes: contents[0]!.bytes, hash: '' }));
      }
    }
  } finally {
    for (const reader of readers) await reader.close();
  }
  return contents;
}
