import type { PruneStep, QuantizeStep, Recipe, RecipeStep } from '../../main/contract/recipe.ts';

/**
 * The recipe being edited: both cuts with a switch each, so that turning one off keeps its settings and its exclusions.
 */
export interface RecipeDraft {
  readonly prune: PruneStep & { readonly enabled: boolean };
  readonly quantize: QuantizeStep & { readonly enabled: boolean };
}

export const EMPTY_DRAFT: RecipeDraft = {
  prune: { enabled: false, structure: 'element', score: 'l1', scope: 'global', sparsity: 0.5, exclude: [] },
  quantize: {
    enabled: false,
    scheme: 'int8-static',
    calibrator: 'minmax',
    perChannel: true,
    reduceRange: 'auto',
    samples: 200,
    exclude: [],
  },
};

/** The recipe that a draft means: prune first, then quantize; what is switched off is left out. */
export function recipeOf(draft: RecipeDraft): Recipe {
  const steps: RecipeStep[] = [];
  if (draft.prune.enabled) {
    const { enabled: _enabled, ...prune } = draft.prune;
    steps.push({ prune });
  }
  if (draft.quantize.enabled) {
    const { enabled: _enabled, ...quantize } = draft.quantize;
    steps.push({ quantize });
  }
  return { version: 1, steps };
}

/** The draft that shows a recipe; settings of absent steps stay as they were in `previous`. */
export function draftOf(recipe: Recipe, previous: RecipeDraft = EMPTY_DRAFT): RecipeDraft {
  let draft: RecipeDraft = {
    prune: { ...previous.prune, enabled: false },
    quantize: { ...previous.quantize, enabled: false },
  };
  for (const step of recipe.steps) {
    if ('prune' in step) draft = { ...draft, prune: { ...step.prune, enabled: true } };
    else draft = { ...draft, quantize: { ...step.quantize, enabled: true } };
  }
  return draft;
}

/** The draft with a layer excluded from a cut, or taken back in. */
export function withExclusion(
  draft: RecipeDraft,
  cut: keyof RecipeDraft,
  layer: string,
  excluded: boolean,
): RecipeDraft {
  const others = draft[cut].exclude.filter((name) => name !== layer);
  const exclude = excluded ? [...others, layer] : others;
  return { ...draft, [cut]: { ...draft[cut], exclude } };
}

/** Whether two recipes are the same to the letter, whatever the order of keys. */
export function sameRecipe(a: Recipe, b: Recipe): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}
