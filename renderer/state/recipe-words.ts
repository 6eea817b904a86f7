/** Recipes in words. Pure. */
import { describeStep } from '../../main/judge/recipe/words.ts';
import type { Recipe, RecipeStep } from '../../main/contract/recipe/recipe.ts';

function leftAlone(exclude: readonly string[]): string {
  return exclude.length === 0 ? '' : `, ${exclude.length} ${exclude.length === 1 ? 'layer' : 'layers'} left alone`;
}

/** One step of a recipe in words. */
export function stepWords(step: RecipeStep): string {
  if ('prune' in step) {
    const { sparsity, scope, exclude } = step.prune;
    const percent = Number((sparsity * 100).toFixed(1));
    return `Prune ${percent} % of the weights, ${scope === 'global' ? 'one threshold' : 'the same share in each layer'}${leftAlone(exclude)}`;
  }
  if ('rewrite' in step) return describeStep(step);
  const { perChannel, reduceRange, samples, exclude } = step.quantize;
  const bits =
    reduceRange === true ? '7-bit weights' : reduceRange === false ? '8-bit weights' : 'weight range by machine';
  return `Int8 (static), min–max over ${samples} samples, ${perChannel ? 'per channel' : 'per tensor'}, ${bits}${leftAlone(exclude)}`;
}

/** A recipe in words, step by step; empty for the baseline. */
export function recipeWords(recipe: Recipe): string[] {
  return recipe.steps.map(stepWords);
}
