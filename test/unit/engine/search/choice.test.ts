import { expect, it } from 'vitest';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { quickRepairs, recipeOf, SLOW_REPAIRS, wholeChoice } from '../../../../main/engine/search/choice.ts';

it('every repair is an edit of a recipe that can be applied, and stands in the name', () => {
  for (const repair of [...quickRepairs(false), ...SLOW_REPAIRS]) {
    const choice = repair.apply(wholeChoice('minmax', 100));
    expect(recipeSchema.parse(recipeOf(choice))).toEqual(recipeOf(choice));
    expect(choice.repairs[repair.key]).toBeTruthy();
    expect(recipeOf(choice)).not.toEqual(recipeOf(wholeChoice('minmax', 100)));
  }
});

it('data are centred where they are smoothed', () => {
  const smooth = quickRepairs(true).find(({ key }) => key === 'smooth')!;
  const { before } = smooth.apply(wholeChoice('minmax', 100));
  expect(before).toEqual([{ equalize: { method: 'smooth', shift: true, alpha: 'auto', samples: 64, exclude: [] } }]);
});
