import type { SamplePicture } from '../../contract/sample-picture.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Dataset } from '../../engine/dataset/dataset.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { inputPorts } from '../../engine/runtime/input-dims.ts';
import type { HostTensor } from '../../engine/tensor/host-tensor.ts';
import { openSource } from './datasets.ts';
import { openShared } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';

/** Larger pictures are thinned to this many pixels a side. */
const MOST_PIXELS = 256;

/**
 * A sample as the model gets it, as a picture; null where no input is one. Each picture is stretched from its least to its
 * greatest value: what normalization was is not undone.
 * @throws DATA_…, CANCELLED
 */
export async function samplePicture(
  { path, data, index }: OperationParams<'samplePicture'>,
  { signal }: TaskContext,
): Promise<OperationResult<'samplePicture'>> {
  const { model } = await openShared(path);
  const dataset = await openSource(data);
  return index < dataset.samples ? pictureOfSample(model, dataset, { index, signal }) : null;
}

/** One sample of a data set as the model gets it; null where no input is a picture. @throws DATA_…, CANCELLED */
export async function pictureOfSample(
  model: Model,
  dataset: Dataset,
  { index, signal }: { readonly index: number; readonly signal: AbortSignal },
): Promise<SamplePicture | null> {
  const label = dataset.labels?.[index];
  const name = label === undefined ? null : (dataset.classes[label] ?? String(label));
  for await (const { feeds } of dataset.batches(inputPorts(model), 1, { indices: Uint32Array.of(index), signal })) {
    const picture = Object.values(feeds)
      .map(pictureOf)
      .find((found) => found !== null);
    return picture === undefined ? null : { ...picture, label: name };
  }
  return null;
}

function pictureOf({ dims, data }: HostTensor): Omit<SamplePicture, 'label'> | null {
  if (dims.length !== 4 || !(data instanceof Float32Array || data instanceof Uint8Array)) return null;
  const last = isChannels(dims[3]!);
  if (!last && !isChannels(dims[1]!)) return null;
  const [height, width, channels] = last ? [dims[1]!, dims[2]!, dims[3]!] : [dims[2]!, dims[3]!, dims[1]!];
  const step = Math.ceil(Math.max(width, height) / MOST_PIXELS);
  const [columns, rows] = [Math.floor(width / step), Math.floor(height / step)];
  const count = height * width * channels;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    low = Math.min(low, data[i]!);
    high = Math.max(high, data[i]!);
  }
  const pixels = new Uint8Array(rows * columns * 3);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let colour = 0; colour < 3; colour++) {
        const channel = channels === 1 ? 0 : colour;
        const at = last
          ? (y * step * width + x * step) * channels + channel
          : (channel * height + y * step) * width + x * step;
        pixels[(y * columns + x) * 3 + colour] = Math.round(((data[at]! - low) / (high - low || 1)) * 255);
      }
    }
  }
  return { width: columns, height: rows, low, high, pixels };
}

function isChannels(size: number): boolean {
  return size === 1 || size === 3;
}
