import { pruneStepSchema, type PruneStep } from '../../main/contract/recipe/prune.ts';
import type { Recipe } from '../../main/contract/recipe/recipe.ts';

/** Settings of a pruning step: those given, the rest as a recipe that leaves them out means it. */
export const pruneStep = (settings: Readonly<Record<string, unknown>> = {}): PruneStep =>
  pruneStepSchema.parse('structure' in settings ? settings : { sparsity: 0.5, ...settings });

/** A recipe that prunes single weights. */
export const pruneRecipe = (sparsity: number): Recipe => ({ version: 2, steps: [{ prune: pruneStep({ sparsity }) }] });
