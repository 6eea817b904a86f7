import { expect, it } from 'vitest';
import { parseNpy } from '../../../../main/engine/tensor/npy.ts';
import { npyHead } from '../../../../main/engine/tensor/write-npy.ts';

it.each([[[2, 3]], [[6]], [[]], [[1, 2, 3]]])('writes what is read again: %j', (dims) => {
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => at / 4);
  const head = npyHead('float32', dims);
  expect(head.length % 64).toBe(0);
  const read = parseNpy(Buffer.concat([head, Buffer.from(values.buffer)]), 'a.npy');
  expect(read).toMatchObject({ dtype: 'float32', dims });
  expect([...(read.data as Float32Array)]).toEqual([...values]);
});

it('refuses types that NumPy does not have', () => {
  expect(() => npyHead('bfloat16', [1])).toThrow(/hold no bfloat16/u);
});
