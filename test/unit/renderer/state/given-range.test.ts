import { beforeEach, expect, it } from 'vitest';
import { givenRange, giveRange } from '../../../../renderer/state/given-range.ts';
import { EMPTY_DRAFT } from '../../../../renderer/state/recipe-draft.ts';
import { editKind, useRecipe } from '../../../../renderer/state/recipe.ts';

const of = (tensor: string) => {
  const { draft, chosen } = useRecipe.getState();
  return givenRange(draft, chosen, tensor);
};

beforeEach(() => useRecipe.setState({ draft: EMPTY_DRAFT, past: [], future: [], chosen: null, stroke: null }));

it('of a tensor is none until it is given, and goes with undo or by leaving it to the data', () => {
  expect(of('a')).toBeNull();
  giveRange('a', [-1, 3]);
  giveRange('b', [0, 6]);
  expect([of('a'), of('b')]).toEqual([
    [-1, 3],
    [0, 6],
  ]);
  useRecipe.getState().undo();
  expect([of('a'), of('b')]).toEqual([[-1, 3], null]);
  giveRange('a', null);
  expect(of('a')).toBeNull();
});

it('is no setting of a scheme that takes no ranges', () => {
  editKind('quantize', { scheme: 'int8-dynamic' });
  expect(of('a')).toBeUndefined();
  giveRange('a', [-1, 3]);
  expect(of('a')).toBeUndefined();
});
