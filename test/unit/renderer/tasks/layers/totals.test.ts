import { expect, test } from 'vitest';
import { totals } from '../../../../../renderer/tasks/layers/totals.ts';

test('adds up what is listed', () => {
  const layers = [
    { macs: 10, timeMs: 1 },
    { macs: 30, timeMs: null },
    { macs: null, timeMs: 3 },
  ];
  expect(totals(layers)).toEqual({ macs: 40, timeMs: 4 });
});

test('has no time where nothing was timed', () => {
  expect(totals([{ macs: 10, timeMs: null }])).toEqual({ macs: 10, timeMs: null });
});
