import { elementCount, type HostTensor } from '../tensor/host-tensor.ts';
import type { ArrayReader } from './array-source.ts';

/**
 * Reads only some samples of an array: those between are read over. `read(count)` gives the next `count` of them.
 * @param indices ascending
 */
export function selectingReader(reader: ArrayReader, indices: Uint32Array): ArrayReader {
  let at = 0;
  let position = 0;
  return {
    async read(count) {
      const wanted = indices.subarray(at, at + count);
      const end = (wanted.at(-1) ?? position - 1) + 1;
      const span = await reader.read(end - position);
      const picked = pickRows(span, wanted, position);
      at += count;
      position = end;
      return picked;
    },
    close: () => reader.close(),
  };
}

/** The rows `wanted` of a part that begins with row `first`. */
function pickRows(span: HostTensor, wanted: Uint32Array, first: number): HostTensor {
  const dims = [wanted.length, ...span.dims.slice(1)];
  if (wanted.length === span.dims[0]) return span;
  const size = elementCount(span.dims.slice(1));
  if (Array.isArray(span.data)) {
    const source = span.data;
    const data = [...wanted].flatMap((row) => source.slice((row - first) * size, (row - first + 1) * size));
    return { dtype: span.dtype, dims, data };
  }
  const source = span.data as Exclude<HostTensor['data'], readonly string[]>;
  const data = source.slice(0, wanted.length * size);
  for (const [place, row] of wanted.entries()) {
    data.set(source.subarray((row - first) * size, (row - first + 1) * size) as never, place * size);
  }
  return { dtype: span.dtype, dims, data };
}

/** The labels of some samples. @param indices null: all */
export function pickLabels(labels: Int32Array | null, indices: Uint32Array | null): Int32Array | null {
  return labels === null || indices === null ? labels : Int32Array.from(indices, (index) => labels[index]!);
}
