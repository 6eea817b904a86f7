/** Vectors that processes hand to each other in files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { handOver, weightedMean } from '../../../../main/engine/runtime/exchange.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'lapidary-exchange-'));
afterAll(() => rmSync(folder, { recursive: true }));

const vector = (...values: number[]): HostTensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: Float32Array.from(values),
});
const [one, other] = [join(folder, '0'), join(folder, '1')];

it('means what was put into files, each by its share', () => {
  handOver(one, vector(1, 2, -4));
  handOver(other, vector(5, 2, 8));
  expect(weightedMean({ paths: [one, other], shares: [0.75, 0.25], count: 3 })).toEqual(vector(2, 2, -1));
  expect(weightedMean({ paths: [other], shares: [1], count: 3 })).toEqual(vector(5, 2, 8));
});

it('writes over what is there, from a part of a buffer too', () => {
  const part = join(folder, 'part');
  const read = (): HostTensor => weightedMean({ paths: [part], shares: [1], count: 2 });
  handOver(part, { ...vector(3, 4), data: Float32Array.of(0, 3, 4, 0).subarray(1, 3) });
  expect(read()).toEqual(vector(3, 4));
  handOver(part, vector(7, 6));
  expect(read()).toEqual(vector(7, 6));
});

it('names a file that cannot be written, and one that is too short', () => {
  const nowhere = join(folder, 'no folder', '0');
  expect(() => handOver(nowhere, vector(1))).toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
  handOver(join(folder, 'short'), vector(1, 2));
  const read = (): HostTensor => weightedMean({ paths: [join(folder, 'short')], shares: [1], count: 3 });
  expect(read).toThrow('has 8 bytes, expected 12');
});
