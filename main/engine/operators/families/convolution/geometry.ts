import type { Windows } from '../../windows.ts';

/** A convolution with every number of its windows and channels known. */
export interface Geometry extends Windows {
  readonly group: number;
  readonly inputs: number;
  readonly outputs: number;
}
