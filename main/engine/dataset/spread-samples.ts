import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { batchSize, type FeedBatches } from './feed-batches.ts';

/**
 * Some samples of all batches, evenly over them: data often lie ordered by class, so that the first ones are of a few classes.
 * Batches keep their order and become smaller.
 * @param total samples of all batches
 * @param count how many are wanted; all, where there are no more
 * @param options.whole batches cannot be made smaller: evenly spaced ones are taken whole
 */
export async function* spreadSamples(
  batches: FeedBatches,
  { total, count }: { readonly total: number; readonly count: number },
  { whole = false }: { readonly whole?: boolean } = {},
): FeedBatches {
  if (count >= total) return yield* batches;
  // Sample i is taken where the line from 0 to `count` over all samples passes a whole number.
  const taken = (samples: number): number => Math.floor((samples * count) / total);
  let seen = 0;
  let given = 0;
  for await (const feeds of batches) {
    const size = batchSize(feeds);
    if (whole || !Object.values(feeds).every((tensor) => isBatched(tensor, size))) {
      // What a whole batch gives too much is missing from the next ones.
      if (taken(seen + size) > given) {
        given += size;
        yield feeds;
      }
    } else {
      const rows = Array.from({ length: size }, (_, row) => row).filter(
        (row) => taken(seen + row + 1) > taken(seen + row),
      );
      if (rows.length > 0)
        yield Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, rowsOf(tensor, rows)]));
    }
    seen += size;
  }
}

/** Whether a tensor holds one row for each sample, in memory. */
export function isBatched({ dims, data }: HostTensor, size: number): boolean {
  return dims[0] === size && ArrayBuffer.isView(data);
}

function rowsOf({ dtype, dims, data }: HostTensor, rows: readonly number[]): HostTensors[string] {
  const each = dims.slice(1).reduce((product, dim) => product * dim, 1);
  const from = data as Float32Array;
  const to = new (from.constructor as Float32ArrayConstructor)(rows.length * each);
  rows.forEach((row, at) => to.set(from.subarray(row * each, (row + 1) * each), at * each));
  return { dtype, dims: [rows.length, ...dims.slice(1)], data: to };
}
