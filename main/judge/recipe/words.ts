import { stepKind, stepParts } from '../../contract/recipe/kinds.ts';
import type { Recipe, RecipeStep } from '../../contract/recipe/recipe.ts';

/** A recipe in a few words, as a trial's first name: "Prune 40 % + int8". Steps that are switched off are not named. */
export function describeRecipe(recipe: Recipe): string {
  const words = recipe.steps.filter((step) => !stepParts(step).off).map(describeStep);
  return words.length === 0 ? 'Baseline' : words.join(' + ');
}

/** A step in a few words. */
export function describeStep(step: RecipeStep): string {
  const { kind, settings } = stepParts(step);
  return kind.words(settings);
}

/**
 * Why the order of a recipe's steps cannot work, one sentence for each step that stands wrongly, by its place in the list;
 * steps that are switched off do not count.
 */
export function orderProblems(recipe: Recipe): ReadonlyMap<number, string> {
  const problems = new Map<number, string>();
  const parts = recipe.steps.map(stepParts);
  parts.forEach(({ kind, off }, at) => {
    if (off) return;
    const earlier = parts.slice(0, at).find((other) => !other.off && kind.kind in other.kind.mustComeAfter);
    const reason = earlier?.kind.mustComeAfter[kind.kind];
    if (earlier !== undefined) problems.set(at, `${kind.title} stands after ${earlier.kind.title}: ${reason}.`);
    for (const [needed, why] of Object.entries(kind.mustFollow ?? {})) {
      if (parts.slice(0, at).some((other) => !other.off && other.kind.kind === needed)) continue;
      problems.set(at, `${kind.title} stands before any ${stepKind(needed).title}: ${why}.`);
    }
  });
  return problems;
}
