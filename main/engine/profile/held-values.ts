import { tensorValues } from '../graph/tensor-data.ts';
import { makeConstant, MAX_CONSTANT_ELEMENTS, plainNumbers, type ConstantValue } from '../operators/constant.ts';
import type { InferOptions } from '../operators/inference.ts';
import { tensorOfHost } from '../runtime/host-data.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';

/**
 * What a run gives to the inputs, for the shapes that follow from it: sizes, limits, trip counts, boxes and their scores, texts.
 * Values of many elements are left out, but for vectors of bytes: these may be files, whose head states sizes.
 */
export function heldValues(feeds: HostTensors): Required<Pick<InferOptions, 'values' | 'bytes'>> {
  const values = new Map<string, ConstantValue>();
  const bytes = new Map<string, Uint8Array>();
  for (const [name, tensor] of Object.entries(feeds)) {
    const value = smallValue(tensor);
    if (value !== undefined) values.set(name, value);
    else if (tensor.dtype === 'uint8' && tensor.dims.length === 1) bytes.set(name, tensor.data as Uint8Array);
  }
  return { values, bytes };
}

function smallValue(tensor: HostTensor): ConstantValue | undefined {
  const { dtype, dims, data } = tensor;
  if (elementCount(dims) > MAX_CONSTANT_ELEMENTS || dtype.startsWith('complex')) return undefined;
  if (dtype === 'string') return makeConstant(dtype, dims, data as readonly string[]);
  return makeConstant(dtype, dims, plainNumbers(tensorValues(tensorOfHost('', tensor))));
}
