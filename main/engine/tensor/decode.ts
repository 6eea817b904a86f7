import { StudioError } from '../../base/errors.ts';
import { storageBytes, type DType } from './dtype.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts';
import { decodeMiniFloats, isMiniFloat } from './minifloat.ts';
import type { NumericArray } from './numeric.ts';
import { unpackBits, unpackSignedBits } from './packing.ts';

interface ArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** A view where the bytes are aligned for the element, else a view on a copy. */
function viewAs<T>(type: ArrayConstructor<T>, bytes: Uint8Array, length: number): T {
  const size = length * type.BYTES_PER_ELEMENT;
  if (bytes.byteOffset % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer, bytes.byteOffset, length);
  return new type(new Uint8Array(bytes.subarray(0, size)).buffer, 0, length);
}

/**
 * Turns raw little-endian storage into numbers.
 *
 * Integers, bool, float32 and float64 come as their own array type, as a view on `bytes` where alignment allows: do not
 * modify the result. float16, bfloat16, float8… and float4 come as Float32Array; int4, int2 as Int8Array; uint4, uint2 and
 * bool as Uint8Array; complex numbers as pairs (real, imaginary), so with twice `count` elements.
 * @param bytes  at least the storage of `count` elements; sub-byte elements packed, low bits first
 * @throws ONNX_INVALID when there are too few bytes; UNSUPPORTED for strings, which are no numbers
 */
export function decodeElements(dtype: DType, bytes: Uint8Array, count: number): NumericArray {
  const needed = storageBytes(dtype, count);
  if (needed === undefined) throw new StudioError('UNSUPPORTED', 'A string tensor has no numbers');
  if (bytes.length < needed) {
    throw new StudioError('ONNX_INVALID', `${count} elements of ${dtype} need ${needed} bytes, got ${bytes.length}`);
  }
  if (isMiniFloat(dtype)) {
    const codes = dtype === 'float4e2m1' ? unpackBits(bytes, 4, count) : bytes.subarray(0, count);
    return decodeMiniFloats(dtype, codes);
  }
  switch (dtype) {
    case 'float32':
      return viewAs(Float32Array, bytes, count);
    case 'float64':
      return viewAs(Float64Array, bytes, count);
    case 'complex64':
      return viewAs(Float32Array, bytes, count * 2);
    case 'complex128':
      return viewAs(Float64Array, bytes, count * 2);
    case 'float16':
      return float16ToFloat32(viewAs(Uint16Array, bytes, count));
    case 'bfloat16':
      return bfloat16ToFloat32(viewAs(Uint16Array, bytes, count));
    case 'int8':
      return viewAs(Int8Array, bytes, count);
    case 'uint8':
    case 'bool':
      return viewAs(Uint8Array, bytes, count);
    case 'int16':
      return viewAs(Int16Array, bytes, count);
    case 'uint16':
      return viewAs(Uint16Array, bytes, count);
    case 'int32':
      return viewAs(Int32Array, bytes, count);
    case 'uint32':
      return viewAs(Uint32Array, bytes, count);
    case 'int64':
      return viewAs(BigInt64Array, bytes, count);
    case 'uint64':
      return viewAs(BigUint64Array, bytes, count);
    case 'int4':
      return unpackSignedBits(bytes, 4, count);
    case 'int2':
      return unpackSignedBits(bytes, 2, count);
    case 'uint4':
      return unpackBits(bytes, 4, count);
    case 'uint2':
      return unpackBits(bytes, 2, count);
    case 'string':
      throw new StudioError('UNSUPPORTED', 'A string tensor has no numbers');
  }
}
