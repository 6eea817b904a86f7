import { inferModel } from '../operators/infer.ts';
import type { Model } from '../graph/ir.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import { isBatched } from '../dataset/spread-samples.ts';
import { inputPorts } from '../runtime/input-dims.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';

/** Elements that the greatest value of a joined run may have; its columns are a few times as many. */
const MOST_ELEMENTS = 2 ** 21;
/** More do not make runs cheaper. */
const MOST_SAMPLES = 64;

/**
 * How many samples of a model's batches one run may take. Small models spend more of a run on handing it over than on
 * computing, and what is summed over a batch is handed back once for each.
 * @param feeds a batch as the data give it
 * @returns the batch's own size where it is fixed, where the data do not come in batches, or where sizes cannot be told
 */
export function joinableSamples(model: Model, feeds: HostTensors): number {
  const size = batchSize(feeds);
  const dims: Record<string, number> = {};
  for (const { name, shape } of inputPorts(model)) {
    const fed = feeds[name];
    if (fed === undefined || shape === null || !isBatched(fed, size) || typeof shape[0] === 'number') return size;
    shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && dim !== '') dims[dim] = fed.dims[axis] ?? 1;
    });
  }
  if (size < 2) return size;
  let greatest = 0;
  const { values } = inferModel(model, { dims });
  for (const node of model.graph.nodes) {
    for (const output of node.outputs) {
      const shape = output === '' ? [] : values.get(output)?.shape;
      if (shape?.every((dim) => typeof dim === 'number') !== true) return size;
      greatest = Math.max(greatest, elementCount(shape as readonly number[]));
    }
  }
  return Math.max(size, Math.min(MOST_SAMPLES, Math.floor((size * MOST_ELEMENTS) / Math.max(1, greatest))));
}

/**
 * Batches that follow each other as one, as long as they have no more than `most` samples together. Order and samples stay.
 * @param most see `joinableSamples`
 */
export async function* joinBatches(batches: FeedBatches, most: number): FeedBatches {
  let open: HostTensors[] = [];
  let samples = 0;
  for await (const feeds of batches) {
    const size = batchSize(feeds);
    if (open.length > 0 && (samples + size > most || !fit(open[0]!, feeds))) {
      yield joined(open);
      [open, samples] = [[], 0];
    }
    open.push(feeds);
    samples += size;
  }
  if (open.length > 0) yield joined(open);
}

/** The batches of a model's calibration data, joined as far as its size allows. */
export async function* joinFor(model: Model, batches: () => FeedBatches): FeedBatches {
  for await (const feeds of batches()) return yield* joinBatches(batches(), joinableSamples(model, feeds));
}

/** Whether two batches differ in nothing but how many samples they have. */
function fit(one: HostTensors, other: HostTensors): boolean {
  const size = batchSize(other);
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [a, b] = [one[name]!, other[name]];
      const sameRest = b?.dims.length === a.dims.length && b.dims.every((dim, axis) => axis === 0 || dim === a.dims[axis]); // prettier-ignore
      const isWhole = [a, b].every((tensor) => tensor?.data.length === elementCount(tensor?.dims ?? []));
      return sameRest && isWhole && isBatched(a, batchSize(one)) && isBatched(b, size) && a.dtype === b.dtype;
    })
  );
}

function joined(parts: readonly HostTensors[]): HostTensors {
  const [first] = parts;
  if (parts.length === 1) return first!;
  return Object.fromEntries(Object.keys(first!).map((name) => [name, joinRows(parts.map((part) => part[name]!))]));
}

function joinRows(parts: readonly HostTensor[]): HostTensor {
  const [{ dtype, dims, data }] = parts as readonly [HostTensor, ...HostTensor[]];
  const from = data as Float32Array;
  const to = new (from.constructor as Float32ArrayConstructor)(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    to.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, part) => sum + part.dims[0]!, 0);
  return { dtype, dims: [rows, ...dims.slice(1)], data: to };
}
