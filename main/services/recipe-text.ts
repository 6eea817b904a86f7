import type { Recipe, RecipeStep } from '../contract/recipe.ts';

/** A recipe in a few words, as a trial's first name: "Prune 40 % + int8". */
export function describeRecipe(recipe: Recipe): string {
  return recipe.steps.length === 0 ? 'Baseline' : recipe.steps.map(describeStep).join(' + ');
}

function describeStep(step: RecipeStep): string {
  if ('prune' in step) {
    const { sparsity, scope, exclude } = step.prune;
    const percent = Number((sparsity * 100).toFixed(1));
    return `Prune ${percent} %${scope === 'layer' ? ' per layer' : ''}${exclusions(exclude)}`;
  }
  const { perChannel, reduceRange, exclude } = step.quantize;
  const details = [perChannel ? '' : ' per tensor', reduceRange === true ? ' 7-bit weights' : ''].join('');
  return `int8${details}${exclusions(exclude)}`;
}

function exclusions(exclude: readonly string[]): string {
  return exclude.length === 0 ? '' : ` (${exclude.length} excluded)`;
}
