import { expect, it } from 'vitest';
import { tensorPicture } from '../../../../../main/engine/tensor/view/picture.ts';

const counted = (size: number): Float32Array => Float32Array.from({ length: size }, (_, at) => at);

it('shows a matrix as it is', () => {
  const picture = tensorPicture(counted(6), [2, 3], { kind: 'weight', slice: 0 })!;
  expect([picture.width, picture.height, picture.slices]).toEqual([3, 2, 1]);
  expect([...picture.values]).toEqual([0, 1, 2, 3, 4, 5]);
});

it('shows the filters of all outputs for one input channel, with a line between them', () => {
  // [4 out, 2 in, 1, 2]: tiles of 1×2, the second input channel begins at 2
  const picture = tensorPicture(counted(16), [4, 2, 1, 2], { kind: 'weight', slice: 1 })!;
  expect(picture).toMatchObject({ slices: 2, tile: { height: 1, width: 2, count: 4, across: 1 } });
  expect([...picture.values]).toEqual([2, 3, NaN, NaN, 6, 7, NaN, NaN, 10, 11, NaN, NaN, 14, 15]);
});

it('shows all channels of one sample of a value', () => {
  const picture = tensorPicture(counted(8), [2, 2, 1, 2], { kind: 'value', slice: 1 })!;
  expect(picture.slices).toBe(2);
  expect([...picture.values].filter((value) => !Number.isNaN(value))).toEqual([4, 5, 6, 7]);
});

it('takes 1×1 filters as a matrix, and has no picture of less than two axes', () => {
  const picture = tensorPicture(counted(6), [2, 3, 1, 1], { kind: 'weight', slice: 0 })!;
  expect([picture.width, picture.height]).toEqual([3, 2]);
  expect(tensorPicture(counted(3), [3], { kind: 'weight', slice: 0 })).toBeUndefined();
});

it('keeps the greatest magnitude where a pixel stands for several elements', () => {
  const values = new Float32Array(2048);
  values[1] = -5;
  const picture = tensorPicture(values, [1, 2048], { kind: 'weight', slice: 0 })!;
  expect(picture.thinned).toBe(2);
  expect(picture.width).toBe(1024);
  expect(picture.values[0]).toBe(-5);
});
