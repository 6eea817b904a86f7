import { expect, it } from 'vitest';
import { channelRanges } from '../../../../../main/engine/tensor/view/channels.ts';

it('gives the range, mean and zeros of each index along an axis', () => {
  // [2, 2, 2]: axis 1 holds {1, 0, 5, 0} and {3, 4, −7, 8}
  const values = Float32Array.of(1, 0, 3, 4, 5, 0, -7, 8);
  const { min, max, mean, zeros } = channelRanges(values, [2, 2, 2], 1);
  expect([...min]).toEqual([0, -7]);
  expect([...max]).toEqual([5, 8]);
  expect([...mean]).toEqual([1.5, 2]);
  expect([...zeros]).toEqual([0.5, 0]);
});

it('passes over what is not finite, and says NaN of a channel without anything else', () => {
  const { min, max } = channelRanges(Float32Array.of(NaN, 1, Infinity, 2), [2, 2], 1);
  expect([...min]).toEqual([NaN, 1]);
  expect([...max]).toEqual([NaN, 2]);
});

it('names channels more than six times as far as the median one, the farthest first', () => {
  const values = Float32Array.of(1, 1, -1, 1, 1, 7, -9);
  expect(channelRanges(values, [7], 0).outliers).toEqual([6, 5]);
  expect(channelRanges(new Float32Array(4), [4], 0).outliers).toEqual([]);
});
