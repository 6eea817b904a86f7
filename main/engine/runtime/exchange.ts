/**
 * Vectors that runners hand to each other in files, which stay in the system's cache. A step of two processes that computes next to nothing takes 10 to
 * 15 ms with 1 MiB from each and the mean back through their channels, 6.5 in this way. Who lets the runners run sees to it that all have written
 * before one reads.
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

/**
 * Σ share · vector, float32 [count], added up in the order of the files: the same to the bit wherever it is asked for. It is good until the next one of
 * this length is asked for, whose place it gives.
 */
export function weightedMean({ paths, shares, count }: WeightedFiles): HostTensor {
  const { sum, vector } = placesOf(count);
  paths.forEach((path, at) => {
    readVector(path, at === 0 ? sum : vector);
    if (at === 0) scale(sum, shares[0]!);
    else addScaled(sum, vector, shares[at]!);
  });
  return { dtype: 'float32', dims: [count], data: sum };
}

/** Kept from one mean to the next: to have the system clear as much memory each time takes as long as the rest. */
let places = { sum: new Float32Array(), vector: new Float32Array() };

function placesOf(count: number): typeof places {
  if (places.sum.length !== count) places = { sum: new Float32Array(count), vector: new Float32Array(count) };
  return places;
}

function readVector(path: string, vector: Float32Array): void {
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
}

function scale(sum: Float32Array, share: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = share * sum[i]!;
}

/** sum ← sum + share · vector. */
function addScaled(sum: Float32Array, vector: Float32Array, share: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + share * vector[i]!;
}
