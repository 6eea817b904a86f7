import { expect, test } from 'vitest';
import { recipeWords } from '../../../../renderer/state/recipe-words.ts';
import { BASELINE, int8, pruned } from '../../judge/predict/cases.ts';

test('describes every step', () => {
  expect(recipeWords(pruned(0.405))[0]).toBe('Prune 40.5 % of the weights, one threshold');
  expect(recipeWords(int8(true, ['a']))[0]).toBe(
    'Int8 (static), min–max over 200 samples, per channel, 7-bit weights, 1 layer left alone',
  );
  expect(recipeWords(BASELINE)).toEqual([]);
});
