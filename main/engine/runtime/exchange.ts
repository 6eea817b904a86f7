/**
 * Vectors that runners hand to each other in files, which stay in the system's cache: 1 MiB from each of two processes and 1 MiB to each take 8 ms
 * through their channels, 2 in this way. Who lets the runners run sees to it that all have written before one reads.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { StudioError } from '../../base/errors.ts';
import { writeError } from '../../base/write-whole.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

/** Files of vectors of one length, and what each counts. */
export interface WeightedFiles {
  readonly paths: readonly string[];
  /** Adding up to 1. */
  readonly shares: readonly number[];
  /** Elements of each. */
  readonly count: number;
}

/**
 * Puts the elements of a float32 tensor into a file, over what is there.
 * @throws WRITE_FAILED
 */
export function handOver(path: string, tensor: HostTensor): void {
  const data = tensor.data as Float32Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  try {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, done);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Σ share · vector, float32 [count], added up in the order of the files: the same to the bit wherever it is asked for. */
export function weightedMean({ paths, shares, count }: WeightedFiles): HostTensor {
  const vectors = paths.map((path) => readVector(path, count));
  const [first, ...others] = vectors;
  addScaled(first!, first!, 0, shares[0]!);
  others.forEach((vector, at) => addScaled(first!, vector, 1, shares[at + 1]!));
  return { dtype: 'float32', dims: [count], data: first! };
}

function readVector(path: string, count: number): Float32Array {
  const vector = new Float32Array(count);
  const bytes = new Uint8Array(vector.buffer);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(file, bytes, done, bytes.length - done, done);
      if (read === 0) throw new StudioError('INTERNAL', `${path} has ${done} bytes, expected ${bytes.length}`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
  return vector;
}

/** sum ← kept · sum + share · vector. */
function addScaled(sum: Float32Array, vector: Float32Array, kept: number, share: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = kept * sum[i]! + share * vector[i]!;
}
