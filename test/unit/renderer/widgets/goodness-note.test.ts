import { expect, it } from 'vitest';
import { goodnessNote, missingGoodness } from '../../../../renderer/widgets/goodness-note.ts';

it('tells the interval where there is one', () => {
  expect(goodnessNote({ metric: 'top1', low: 0.9, high: 0.95 })).toBe('90 % … 95 %');
  expect(goodnessNote({ metric: 'top1', low: 0.9, high: 0.9 })).toBeUndefined();
});

it('asks for data only where none are chosen', () => {
  expect(missingGoodness({ data: false, labels: false })).toEqual({ missing: 'no data chosen', note: 'choose data' });
  expect(missingGoodness({ data: true, labels: true }).note).toBe('measure the baseline on these data');
  expect(missingGoodness({ data: true, labels: false }).note).toBe('the data have no labels');
});
