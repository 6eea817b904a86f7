import { assert, StudioError } from '../../base/errors.ts';
import type { DType } from './dtype.ts';
import { float32ToBfloat16, float32ToFloat16 } from './half.ts';
import { encodeMiniFloats, isMiniFloat } from './minifloat.ts';
import { isBigArray, type NumericArray } from './numeric.ts';
import { packBits } from './packing.ts';

/** Integer element types: least and greatest value, and the array that stores them. */
const INTEGERS = {
  bool: [0, 1, Uint8Array],
  int8: [-128, 127, Int8Array],
  uint8: [0, 255, Uint8Array],
  int16: [-32768, 32767, Int16Array],
  uint16: [0, 65535, Uint16Array],
  int32: [-2147483648, 2147483647, Int32Array],
  uint32: [0, 4294967295, Uint32Array],
  int4: [-8, 7, Int8Array],
  uint4: [0, 15, Uint8Array],
  int2: [-2, 1, Int8Array],
  uint2: [0, 3, Uint8Array],
} as const;

type IntegerType = keyof typeof INTEGERS;

function isIntegerType(dtype: DType): dtype is IntegerType {
  return dtype in INTEGERS;
}

function bytesOf(values: NumericArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function toNumbers(values: NumericArray): ArrayLike<number> {
  return isBigArray(values) ? Float64Array.from(values, Number) : values;
}

function integerArray(dtype: IntegerType, values: NumericArray): NumericArray {
  const [least, greatest, arrayType] = INTEGERS[dtype];
  const numbers = toNumbers(values);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    // Words are made only where they are needed: for 25 M codes they took 1.4 GB, one after the other.
    if (Number.isInteger(value) && value >= least && value <= greatest) continue;
    assert(false, `${dtype} cannot hold ${value} (element ${i})`);
  }
  return values instanceof arrayType ? values : arrayType.from(numbers);
}

function bigArray(dtype: 'int64' | 'uint64', values: NumericArray): NumericArray {
  const arrayType = dtype === 'int64' ? BigInt64Array : BigUint64Array;
  if (values instanceof arrayType) return values;
  const bits = dtype === 'int64' ? BigInt.asIntN : BigInt.asUintN;
  const result = new arrayType(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    assert(typeof value === 'bigint' || Number.isInteger(value), `${dtype} cannot hold ${value} (element ${i})`);
    const big = BigInt(value);
    assert(bits(64, big) === big, `${dtype} cannot hold ${big} (element ${i})`);
    result[i] = big;
  }
  return result;
}

/**
 * Turns numbers into raw little-endian storage, the inverse of `decodeElements`. Floats are rounded half to even; float8
 * and float4 saturate. Values that are already stored as the type wants are returned as a view, without a copy.
 * @param values complex types: pairs (real, imaginary)
 * @throws INTERNAL when an integer type cannot hold a value: rounding and clamping are the caller's decision
 * @throws UNSUPPORTED for strings
 */
export function encodeElements(dtype: DType, values: NumericArray): Uint8Array {
  if (dtype === 'string') throw new StudioError('UNSUPPORTED', 'A string tensor has no numbers');
  if (dtype === 'int64' || dtype === 'uint64') return bytesOf(bigArray(dtype, values));
  if (isIntegerType(dtype)) {
    const integers = integerArray(dtype, values);
    if (dtype === 'int4' || dtype === 'uint4') return packBits(toNumbers(integers), 4);
    if (dtype === 'int2' || dtype === 'uint2') return packBits(toNumbers(integers), 2);
    return bytesOf(integers);
  }
  const numbers = toNumbers(values);
  if (isMiniFloat(dtype)) {
    const codes = encodeMiniFloats(dtype, numbers);
    return dtype === 'float4e2m1' ? packBits(codes, 4) : codes;
  }
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return bytesOf(values instanceof Float32Array ? values : Float32Array.from(numbers));
    case 'float64':
    case 'complex128':
      return bytesOf(values instanceof Float64Array ? values : Float64Array.from(numbers));
    case 'float16':
      return bytesOf(float32ToFloat16(numbers));
    case 'bfloat16':
      return bytesOf(float32ToBfloat16(numbers));
  }
}
