import { expect, it } from 'vitest';
import { changedRows, changedWords } from '../../../../../renderer/tasks/prune/structure.ts';

const layer = (name: string, sparsity: number, channels: { before: number; after: number } | null) => ({
  name,
  op: 'Conv',
  sparsity,
  channels,
});

it('lists the layers that a cut changed, with what is left of them', () => {
  const layers = [
    layer('first', 0.4, { before: 64, after: 24 }),
    layer('same', 0, { before: 16, after: 16 }),
    layer('gone', 1, null),
  ];
  expect(changedRows({ layers })).toEqual([
    { name: 'first', op: 'Conv', left: '24 of 64' },
    { name: 'gone', op: 'Conv', left: '0 %' },
  ]);
});

it('says how many there are', () => {
  expect(changedWords('rank', 9)).toBe('9 layers became two of low rank each.');
  expect(changedWords('block', 1)).toBe('1 layer went with its blocks.');
});
