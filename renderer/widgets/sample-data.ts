import type { ValueRef } from '../../main/contract/results.ts';

/** Values in one picture of the bundled data: 1×32×32. */
const SAMPLE_VALUES = 1024;

/**
 * Whether the bundled data (drawn characters, one channel of 32×32) can go into a model: it has one input that takes, for
 * each sample, as many values as a picture has. A first dimension of unknown size, or of 1, is the batch.
 */
export function takesSampleData(inputs: readonly Pick<ValueRef, 'shape' | 'dtype'>[]): boolean {
  const [input] = inputs;
  if (inputs.length !== 1 || input === undefined || input.shape === null) return false;
  if (input.dtype !== 'float32' && input.dtype !== 'float16' && input.dtype !== 'uint8') return false;
  const [, ...sample] = input.shape;
  if (!sample.every((dim) => typeof dim === 'number')) return false;
  return sample.reduce((product, dim) => product * dim, 1) === SAMPLE_VALUES;
}
