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
