/** The typed fields of TensorProto (float_data, int32_data, …) as raw bytes. */
import { assert, StudioError } from '../../base/errors.ts';
import { dtypeBits, type DType } from '../tensor/dtype.ts';
import type { Tensor, TensorStorage, TypedField } from './ir.ts';
import { describeTensor } from './tensor-size.ts';

type FieldStorage = Extract<TensorStorage, { readonly kind: 'field' }>;

/** The typed field that onnx.proto gives each element type; strings have a field of their own. */
export function typedFieldOf(dtype: DType): TypedField | undefined {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 'float_data';
    case 'float64':
    case 'complex128':
      return 'double_data';
    case 'int64':
      return 'int64_data';
    case 'uint32':
    case 'uint64':
      return 'uint64_data';
    case 'string':
      return undefined;
    default:
      return 'int32_data';
  }
}

/** Decodes packed varints to their lower and upper 32 bits, interleaved. */
function varintWords(encoded: Uint8Array, what: string): Uint32Array {
  let count = 0;
  for (let i = 0; i < encoded.length; i++) if (encoded[i]! < 0x80) count++;
  const words = new Uint32Array(count * 2);
  let at = 0;
  for (let i = 0; i < count; i++) {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = encoded[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      else throw new StudioError('ONNX_INVALID', `${what}: a number of its typed data is longer than 10 bytes`);
      if (byte < 0x80) break;
    }
    words[2 * i] = low;
    words[2 * i + 1] = high;
  }
  if (at !== encoded.length) throw new StudioError('ONNX_INVALID', `${what}: its typed data ends within a number`);
  return words;
}

function narrow(words: Uint32Array, bytesPerElement: number): Uint8Array {
  if (bytesPerElement === 8) return new Uint8Array(words.buffer);
  const count = words.length / 2;
  const result =
    bytesPerElement === 4
      ? new Uint32Array(count)
      : bytesPerElement === 2
        ? new Uint16Array(count)
        : new Uint8Array(count);
  for (let i = 0; i < count; i++) result[i] = words[2 * i]!;
  return new Uint8Array(result.buffer);
}

/**
 * A typed field as raw little-endian bytes: a view for float_data and double_data, whose wire form is the raw form; decoded
 * for the others. Elements of fewer than 8 bits lie packed in the bytes that int32_data holds (onnx.proto, int32_data).
 * @throws ONNX_INVALID when the field is not the one for the tensor's type, or its encoding is broken
 */
export function fieldToRaw(tensor: Tensor, storage: FieldStorage): Uint8Array {
  const expected = typedFieldOf(tensor.dtype);
  if (storage.field !== expected) {
    throw new StudioError(
      'ONNX_INVALID',
      `${describeTensor(tensor)} keeps its values in ${storage.field}, expected ${expected ?? 'string_data'}`,
    );
  }
  if (storage.field === 'float_data' || storage.field === 'double_data') return storage.encoded;
  const bits = dtypeBits(tensor.dtype);
  assert(bits !== undefined, 'typed numeric fields hold numbers');
  return narrow(varintWords(storage.encoded, describeTensor(tensor)), Math.max(1, bits / 8));
}
