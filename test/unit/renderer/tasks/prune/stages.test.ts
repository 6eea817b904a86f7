import { expect, it } from 'vitest';
import { FIRST_STAGE, limitAfter } from '../../../../../renderer/tasks/prune/stages.ts';

it('goes on from few samples to more to all', () => {
  expect(FIRST_STAGE).toBe(128);
  expect(limitAfter(128, 1728)).toBe(512);
  expect(limitAfter(512, 1728)).toBeNull();
  expect(limitAfter(1728, 1728)).toBeUndefined();
});

it('goes on where another task measured, and stops where there are no more samples', () => {
  expect(limitAfter(500, 1728)).toBeNull();
  // Half of the data calibrated: 121 is all that is left.
  expect(limitAfter(121, 242)).toBeUndefined();
  expect(limitAfter(-1, 242)).toBeUndefined();
});

it('measures very large data whole only when asked', () => {
  expect(limitAfter(128, 50_000)).toBe(512);
  expect(limitAfter(512, 50_000)).toBeUndefined();
});
