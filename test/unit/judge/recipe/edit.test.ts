import { describe, expect, it } from 'vitest';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { editRecipe } from '../../../../main/judge/recipe/edit.ts';

const recipe = (steps: readonly object[]) => recipeSchema.parse({ version: 2, steps });
const quantize = (exclude: readonly string[]) => ({ quantize: { exclude } });
const floats = (layers: readonly string[]) => ({ rewrite: { pass: 'float-layers' as const, layers } });

describe('edits of a recipe', () => {
  it('join layers that are left out with those that are', () => {
    const edit = { change: { kind: 'quantize', settings: { exclude: ['b', 'c'] } } };
    expect(editRecipe(recipe([quantize(['a', 'b'])]), [edit])).toEqual(recipe([quantize(['a', 'b', 'c'])]));
  });

  it('put what is said by name beside what is there', () => {
    const edit = { change: { kind: 'quantize', settings: { ranges: { b: [0, 6] }, layers: { c: 'float' } } } };
    const before = { quantize: { ranges: { a: [-1, 1], b: [0, 1] }, layers: { d: 'int16' } } };
    const after = { quantize: { ranges: { a: [-1, 1], b: [0, 6] }, layers: { d: 'int16', c: 'float' } } };
    expect(editRecipe(recipe([before]), [edit])).toEqual(recipe([after]));
  });

  it('make the step that they change where there is none', () => {
    const edit = { change: { kind: 'quantize', settings: { perChannel: false } } };
    expect(editRecipe(recipe([]), [edit]).steps).toMatchObject([
      { quantize: { scheme: 'int8-static', perChannel: false } },
    ]);
  });

  it('put rewrites of the float model first, in their order, and those of quantization last', () => {
    const before = recipe([{ rewrite: { pass: 'fold-batchnorm' } }, quantize([])]);
    const after = editRecipe(before, [{ add: { rewrite: { pass: 'remove-no-ops' } } }, { add: floats(['a']) }]);
    expect(after).toEqual(
      recipe([
        { rewrite: { pass: 'fold-batchnorm' } },
        { rewrite: { pass: 'remove-no-ops' } },
        quantize([]),
        floats(['a']),
      ]),
    );
  });

  it('add a step once: the same again, or with other layers, is the same step', () => {
    const once = editRecipe(recipe([]), [{ add: floats(['a']) }]);
    expect(editRecipe(once, [{ add: floats(['a', 'b']) }])).toEqual(recipe([floats(['a', 'b'])]));
    const folded = editRecipe(recipe([]), [{ add: { rewrite: { pass: 'fold-constants' } } }]);
    expect(editRecipe(folded, [{ add: { rewrite: { pass: 'fold-constants' } } }])).toEqual(folded);
  });

  it('switch a step that was off on again', () => {
    const off = recipe([{ quantize: {}, off: true }]);
    expect(editRecipe(off, [{ change: { kind: 'quantize', settings: { exclude: ['a'] } } }])).toEqual(
      recipe([quantize(['a'])]),
    );
  });
});
