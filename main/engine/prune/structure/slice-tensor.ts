import { tensorBytes, tensorValues } from '../../graph/tensor-data.ts';
import { makeRawTensor, makeTensor } from '../../graph/make.ts';
import type { Tensor } from '../../graph/ir.ts';
import { dtypeBits } from '../../tensor/dtype.ts';
import type { NumericArray } from '../../tensor/numeric.ts';

/** Places along one axis. */
export interface AxisPlaces {
  readonly axis: number;
  /** Ascending. */
  readonly places: Uint32Array;
}

/** The elements of a tensor at these places, in order; its own storage is not touched. @throws as `tensorBytes` */
export function sliceTensor(tensor: Tensor, slices: readonly AxisPlaces[]): Tensor {
  const bits = dtypeBits(tensor.dtype) ?? 8;
  const width = bits % 8 === 0 ? bits / 8 : 0;
  let { dims }: { dims: readonly number[] } = tensor;
  let lanes: Lanes = width === 0 ? { each: 1, data: tensorValues(tensor) } : lanesOf(tensorBytes(tensor), width);
  for (const { axis, places } of slices) {
    lanes = { ...lanes, data: takeAlong(lanes, dims, { axis, places }) };
    dims = dims.with(axis, places.length);
  }
  const { name, dtype } = tensor;
  if (width === 0) return makeTensor(name, dtype, dims, lanes.data);
  const { buffer, byteOffset, byteLength } = lanes.data;
  return makeRawTensor(name, dtype, dims, new Uint8Array(buffer, byteOffset, byteLength));
}

/** Numbers that are copied, `each` of them for one element. */
interface Lanes {
  readonly each: number;
  readonly data: NumericArray;
}

/** Words of 4 bytes where elements have as many and lie on them: copied some times faster than bytes. */
function lanesOf(bytes: Uint8Array, width: number): Lanes {
  if (width % 4 !== 0) return { each: width, data: bytes };
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return { each: width / 4, data: new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4) };
}

function takeAlong({ each, data }: Lanes, dims: readonly number[], { axis, places }: AxisPlaces): NumericArray {
  const outer = dims.slice(0, axis).reduce((product, size) => product * size, 1);
  const run = dims.slice(axis + 1).reduce((product, size) => product * size, each);
  const size = dims[axis] ?? 1;
  const from = data as Uint32Array;
  const to = new (from.constructor as Uint32ArrayConstructor)(outer * places.length * run);
  let at = 0;
  for (let row = 0; row < outer; row++) {
    const base = row * size;
    for (const place of places) {
      const start = (base + place) * run;
      if (run > 16) to.set(from.subarray(start, start + run), at);
      else for (let i = 0; i < run; i++) to[at + i] = from[start + i]!;
      at += run;
    }
  }
  return to;
}

/** The tensor with zeros at these places. */
export function clearTensor(tensor: Tensor, clears: readonly AxisPlaces[]): Tensor {
  const bits = dtypeBits(tensor.dtype) ?? 8;
  const bytes = tensorBytes(tensor).slice();
  for (const { axis, places } of clears) {
    const outer = tensor.dims.slice(0, axis).reduce((product, size) => product * size, 1);
    const run = tensor.dims.slice(axis + 1).reduce((product, size) => product * size, bits / 8);
    const size = tensor.dims[axis] ?? 1;
    for (let row = 0; row < outer; row++) {
      for (const place of places) bytes.fill(0, (row * size + place) * run, (row * size + place + 1) * run);
    }
  }
  return makeRawTensor(tensor.name, tensor.dtype, tensor.dims, bytes);
}
