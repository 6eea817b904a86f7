import { throwIfCancelled } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import type { TaskContext } from '../../base/progress.ts';
import { composeSources, type Sources } from '../passes/pass.ts';
import { pruneElements, type PruneOutcome } from '../prune/prune-elements.ts';
import type { FeedBatches } from '../quantize/calibrate.ts';
import { quantizeStatic, type QuantizeOutcome } from '../quantize/quantize-static.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { Runner } from '../runtime/runner.ts';
import { checkRecipeLayers } from './check-layers.ts';
import type { Recipe, RecipeStep } from './recipe.ts';

export interface RecipeSurroundings {
  /** Feeds from the start of the calibration data; asked for by quantize steps only, perhaps more than once. */
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  /** Whether this CPU has VNNI; null where that cannot be told. */
  readonly vnni: boolean | null;
}

export interface AppliedRecipe {
  readonly model: Model;
  /** With every 'auto' resolved: applying it again, on any machine, takes the same decisions. */
  readonly recipe: Recipe;
  /** Of the last prune step; undefined without one. */
  readonly prune: PruneOutcome | undefined;
  /** Of the last quantize step; undefined without one. */
  readonly quantize: Omit<QuantizeOutcome, 'model' | 'sources'> | undefined;
  /** The layers of the source that each node of the model stands for. */
  readonly sources: Sources;
}

/**
 * Applies a recipe's steps in their order. The model is not modified; an empty recipe gives it back. The same model, recipe
 * and calibration data give the same bytes.
 * @throws MODEL_UNKNOWN_LAYER for a layer to leave out that the model does not have; see `quantizeStatic` for the rest
 */
export async function applyRecipe(
  model: Model,
  recipe: Recipe,
  surroundings: RecipeSurroundings,
  context: TaskContext,
): Promise<AppliedRecipe> {
  checkRecipeLayers(model, recipe);
  let current = model;
  let prune: AppliedRecipe['prune'];
  let quantize: AppliedRecipe['quantize'];
  let sources: Sources = new Map();
  const steps: RecipeStep[] = [];
  for (const step of recipe.steps) {
    throwIfCancelled(context.signal, 'Applying the recipe');
    if ('prune' in step) {
      context.progress({ stage: 'Pruning', done: 0, total: 1 });
      const pruned = await pruneElements(current, step.prune, {
        runners: lendRunner(surroundings.runner),
        signal: context.signal,
      });
      current = pruned.model;
      sources = composeSources(sources, pruned.sources);
      prune = pruned.result;
      steps.push(step);
    } else {
      const {
        model: quantized,
        sources: made,
        ...details
      } = await quantizeStatic(current, { step: step.quantize, ...surroundings }, context);
      current = quantized;
      sources = composeSources(sources, made);
      quantize = details;
      steps.push({ quantize: details.step });
    }
  }
  return { model: current, recipe: { version: 1, steps }, prune, quantize, sources };
}
