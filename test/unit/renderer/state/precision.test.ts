import { beforeEach, expect, it } from 'vitest';
import { precisionBy, setPrecision } from '../../../../renderer/state/precision.ts';
import { EMPTY_DRAFT } from '../../../../renderer/state/recipe-draft.ts';
import { setExcluded, useRecipe } from '../../../../renderer/state/recipe.ts';

const of = (layer: string) => {
  const { draft, chosen } = useRecipe.getState();
  return precisionBy(draft, chosen, layer);
};

beforeEach(() => useRecipe.setState({ draft: EMPTY_DRAFT, past: [], future: [], chosen: null, stroke: null }));

it('is none without a quantize step, and the choice makes one, switched off', () => {
  expect(of('a')).toBeNull();
  setPrecision(['a'], 'int16');
  expect([of('a'), of('b')]).toEqual(['int16', 'int8']);
  expect(useRecipe.getState().draft).toMatchObject([{ off: true }]);
});

it('is taken back by undo, and by the choice of what the step says', () => {
  setPrecision(['a', 'b'], 'int8-7bit');
  setPrecision(['a'], null);
  expect([of('a'), of('b')]).toEqual(['int8', 'int8-7bit']);
  useRecipe.getState().undo();
  expect(of('a')).toBe('int8-7bit');
});

it('takes a layer that was left out back in', () => {
  setExcluded('quantize', ['a'], true);
  expect(of('a')).toBe('float');
  setPrecision(['a'], 'int8');
  expect(of('a')).toBe('int8');
});
