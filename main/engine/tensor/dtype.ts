/** Element types in the order of `TensorProto.DataType`; the index is the number on the wire. */
const NAMES_BY_CODE = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;

/** The name of an ONNX element type. */
export type DType = Exclude<(typeof NAMES_BY_CODE)[number], 'undefined'>;

const BITS: Readonly<Record<DType, number | undefined>> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: undefined,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
};

/** The element type with this number in `TensorProto.DataType`, or undefined for 0 and for numbers not known yet. */
export function dtypeFromCode(code: number): DType | undefined {
  const name = NAMES_BY_CODE[code];
  return name === undefined || name === 'undefined' ? undefined : name;
}

/** The number of this element type in `TensorProto.DataType`. */
export function dtypeCode(dtype: DType): number {
  return NAMES_BY_CODE.indexOf(dtype);
}

/** Bits that one element takes in storage; undefined for strings. Sub-byte elements are packed, low bits first. */
export function dtypeBits(dtype: DType): number | undefined {
  return BITS[dtype];
}

/** Bytes that `count` elements take in raw storage (sub-byte elements packed, rounded up); undefined for strings. */
export function storageBytes(dtype: DType, count: number): number | undefined {
  const bits = BITS[dtype];
  return bits === undefined ? undefined : Math.ceil((bits * count) / 8);
}
