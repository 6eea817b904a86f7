import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { Preprocessing } from '../../contract/data.ts';
import type { Batch, BatchOptions, Dataset, InputSpec } from './dataset.ts';
import { decodeImage, type ImageSize } from './decode-image.ts';
import { fileContents } from './content.ts';
import { batchSizeFor, onlyInput } from './feeding.ts';
import { imageTarget } from './layout.ts';
import { planPreparation, type Preparation } from './prepare.ts';
import { prefetch } from './prefetch.ts';
import { pickLabels } from './select.ts';

type Description = Omit<
  Dataset,
  'samples' | 'labelled' | 'labels' | 'sampleShape' | 'sampleDtype' | 'describe' | 'batches' | 'contents'
>;

export interface ImageDatasetParts extends Description {
  readonly files: readonly string[];
  /** With the offset added. */
  readonly labels: Int32Array | null;
}

interface Feeding {
  readonly input: InputSpec;
  readonly size: ImageSize;
  readonly preparation: Preparation;
}

/** A data set of image files, decoded to RGB and brought to the model's size when they are read. */
export function imageDataset({ files, labels, ...description }: ImageDatasetParts): Dataset {
  const feedingFor = (inputs: readonly InputSpec[]): Feeding => {
    const input = onlyInput(inputs, description.name);
    const size = imageSize(input, description.preprocessing);
    const raw = { name: description.name, dtype: 'uint8', dims: [size.height, size.width, 3] } as const;
    return { input, size, preparation: planPreparation(raw, input, description.preprocessing) };
  };
  return {
    ...description,
    samples: files.length,
    labelled: labels !== null,
    labels,
    sampleShape: null,
    sampleDtype: 'uint8',
    describe(inputs) {
      const { size, preparation } = feedingFor(inputs);
      return `${describeSize(size)}, ${preparation.sentence}`;
    },
    batches: (inputs, batchSize, options = {}) =>
      prefetch(
        readBatches(feedingFor(inputs), { ...chosen(files, labels, options.indices ?? null), batchSize, ...options }),
        1,
      ),
    contents: (options = {}) =>
      fileContents(
        files.map((file) => [file]),
        options,
      ),
  };
}

const chosen = (files: readonly string[], labels: Int32Array | null, indices: Uint32Array | null) => ({
  files: indices === null ? files : [...indices].map((index) => files[index]!),
  labels: pickLabels(labels, indices),
});

const describeSize = ({ height, width, resize, letterbox }: ImageSize): string =>
  letterbox !== undefined
    ? `images fitted into ${width}×${height}, ${letterbox.align === 'center' ? 'centred' : 'top left'}, the rest ${letterbox.fill}`
    : resize === null
      ? `images brought to ${width}×${height}`
      : `images scaled to ${resize} on the shorter side, centre ${width}×${height}`;

/** @throws DATA_SHAPE when the input is no image, or one without a size */
function imageSize(input: InputSpec, { layout, resize, letterbox }: Preprocessing): ImageSize {
  const target = input.shape === null ? undefined : imageTarget(input.shape.slice(1), layout);
  const shape = input.shape?.map((dim) => dim ?? '?').join(', ') ?? 'unknown';
  if (target === undefined) {
    throw new StudioError(
      'DATA_SHAPE',
      `The input '${input.name}' has shape [${shape}], expected an image: [N, C, H, W] or [N, H, W, C] with C 1, 3 or 4`,
      { hint: 'Images in folders are for models that take images; is the layout to be said with --layout?' },
    );
  }
  const { height, width } = target;
  if (height === null || width === null) {
    throw new StudioError(
      'DATA_SHAPE',
      `The input '${input.name}' [${shape}] does not say how large images should be`,
      {
        hint: 'Give the symbolic sizes with --dim, as in --dim height=224 --dim width=224.',
      },
    );
  }
  return { height, width, resize, letterbox };
}

interface Reading extends BatchOptions {
  readonly files: readonly string[];
  readonly labels: Int32Array | null;
  readonly batchSize: number;
}

async function* readBatches(
  { input, size: imageSize, preparation }: Feeding,
  { files, labels, batchSize, limit, signal, floats }: Reading,
): AsyncGenerator<Batch, void, void> {
  const total = Math.min(files.length, limit ?? files.length);
  const { size, fixed } = batchSizeFor([input], batchSize);
  const sampleBytes = imageSize.height * imageSize.width * 3;
  for (let start = 0; start < total; start += size) {
    throwIfCancelled(signal, 'Reading images');
    const count = Math.min(size, total - start);
    const rows = fixed ? size : count;
    const bytes = new Uint8Array(count * sampleBytes);
    await Promise.all(
      files.slice(start, start + count).map(async (path, index) => {
        bytes.set(await decodeImage(path, imageSize), index * sampleBytes);
      }),
    );
    const { dims, dtype } = preparation;
    const data = preparation.convert(bytes, count, rows, floats);
    yield {
      feeds: { [input.name]: { dtype, dims: [rows, ...dims], data } },
      labels: labels === null ? null : labels.subarray(start, start + count),
      count,
    };
  }
}
