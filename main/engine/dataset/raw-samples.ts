import type { DType } from '../tensor/dtype.ts';
import type { HostData } from '../tensor/host-tensor.ts';

/** What numeric tensors lie in. */
export type NumericData = Exclude<HostData, readonly string[]>;

/** Raw samples: their type, and the shape of one. */
export interface RawSamples {
  /** How to call them in errors. */
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** Gives an array of this length, which may hold anything. */
export type MakeFloats = (length: number) => Float32Array<ArrayBuffer>;
