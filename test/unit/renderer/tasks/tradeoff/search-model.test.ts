import { expect, it } from 'vitest';
import type { SearchResult } from '../../../../../main/contract/search.ts';
import { floorOf, searchText } from '../../../../../renderer/tasks/tradeoff/search-model.ts';

const trial = {
  id: 'a',
  recipe: { version: 2 as const, steps: [] },
  name: 'all in int8',
  metrics: { drop: 0, agreement: 1, sqnrDb: 30 },
  latency: { ms: 1, ratio: 0.42 },
  bytes: 2048,
  keeps: true,
  predicted: null,
};
const result: SearchResult = {
  floor: { maxDrop: 0.005 },
  minimize: 'latency',
  trials: [trial, { ...trial, id: 'b' }],
  front: ['a'],
  best: 'a',
};

it('half a point is a share of 0.005; decibels stay', () => {
  expect(floorOf({ kind: 'accuracy', points: 0.5, decibels: 20 })).toEqual({ maxDrop: 0.005 });
  expect(floorOf({ kind: 'sqnr', points: 0.5, decibels: 20 })).toEqual({ minSqnrDb: 20 });
});

it('a search says what its best takes, or that nothing keeps the floor', () => {
  expect(searchText(result)).toBe('Best of 2 trials: 42 % of the float model’s time.');
  expect(searchText({ ...result, minimize: 'size' })).toBe('Best of 2 trials: 2 KiB.');
  expect(searchText({ ...result, trials: [trial], best: null })).toMatch(/^None of 1 trial keeps that/);
});
