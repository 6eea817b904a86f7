import type { DType } from './dtype.ts';

/**
 * Elements of a tensor in this process's memory, row-major. One array type for each element type:
 * float32 Float32Array, float64 Float64Array, int8…uint32 their own arrays, int64 BigInt64Array, uint64 BigUint64Array,
 * bool Uint8Array (0 or 1), float16 and bfloat16 Uint16Array (the bits), float8 Uint8Array (the bits),
 * 4-bit and 2-bit Uint8Array (packed, low bits first), string: an array of strings.
 */
export type HostData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** A tensor in memory: what goes into the runtime and comes out of it. */
export interface HostTensor {
  readonly dtype: DType;
  /** Every dimension ≥ 0; [] for a scalar. */
  readonly dims: readonly number[];
  readonly data: HostData;
}

/** Tensors by the name of the model's input or output. */
export type HostTensors = Readonly<Record<string, HostTensor>>;

/** Elements in a tensor of these dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The first number of a float tensor. */
export const firstNumber = ({ data }: HostTensor): number => Number((data as Float32Array)[0]);
