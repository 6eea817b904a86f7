import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import { stepOf, stepParts } from '../../contract/recipe/kinds.ts';
import type { Recipe, RecipeStep } from '../../contract/recipe/recipe.ts';
import { orderProblems } from '../../judge/recipe/words.ts';
import { withNeededIr } from '../graph/ir-version.ts';
import type { Model } from '../graph/ir.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { CheckpointStore } from '../distill/checkpoint.ts';
import { composeLineage } from '../prune/lineage.ts';
import { composeSources, type Sources } from '../passes/pass.ts';
import { engineStep, type AnyOutcome } from '../steps/registry.ts';
import type { StepSurroundings } from '../steps/step.ts';
import { checkRecipeLayers } from './check-layers.ts';
import { keepSteps, keyOfSteps, readSteps, type StepsMade } from './kept-steps.ts';
import { changedSources, inNamesOf, inNamesOfRecipe } from './source-names.ts';

export interface AppliedRecipe {
  readonly model: Model;
  /** Of the steps that were applied, with every 'auto' resolved: applying it again, on any machine, decides the same. */
  readonly recipe: Recipe;
  /** One for each step of `recipe`, in its order. */
  readonly outcomes: readonly AnyOutcome[];
  /** The layers of the source that a node of the model stands for, where that is not the one of its own name. */
  readonly sources: Sources;
}

/**
 * Applies a recipe's steps in their order, leaving out those that are switched off. The model is not modified; an empty
 * recipe gives it back. Layers that steps leave out are named as the source names them, whatever the steps before did. The same model, recipe and calibration data give the same bytes.
 * @throws RECIPE_INVALID for steps in an order that cannot work; MODEL_UNKNOWN_LAYER for a layer to leave out that the model
 *   does not have; what the steps throw
 */
export async function applyRecipe(
  model: Model,
  recipe: Recipe,
  surroundings: StepSurroundings,
  context: TaskContext,
): Promise<AppliedRecipe> {
  const [misplaced] = orderProblems(recipe).values();
  if (misplaced !== undefined)
    throw new StudioError('RECIPE_INVALID', misplaced, { hint: 'Change the order of the steps.' });
  checkRecipeLayers(model, recipe);
  const active = recipe.steps.filter((step) => !stepParts(step).off);
  const kept = await keptSteps(model, active, surroundings);
  const made = kept?.made;
  let current = made?.model ?? model;
  let sources: Sources = made?.sources ?? new Map();
  let lineage = made?.lineage;
  const steps: RecipeStep[] = [...(made?.steps ?? [])];
  const outcomes: AnyOutcome[] = [...(made?.outcomes ?? [])];
  for (const step of active.slice(steps.length)) {
    const parts = stepParts(step);
    const { kind } = parts.kind;
    throwIfCancelled(context.signal, 'Applying the recipe');
    if (kept !== undefined && made === undefined && steps.length === kept.before) {
      await keepSteps(kept.store, kept.key, { model: current, sources, lineage, steps, outcomes }, model);
    }
    const { apply, stage } = engineStep(kind);
    context.progress({ stage, done: 0, total: 1 });
    const around = { ...surroundings, source: model, ...(lineage === undefined ? {} : { lineage }) };
    const applied = await apply(current, inNamesOf(current, sources, parts), around, context);
    current = withNeededIr(applied.model);
    sources = changedSources(current, composeSources(sources, applied.sources));
    if (applied.lineage !== undefined) lineage = composeLineage(lineage, applied.lineage);
    steps.push(stepOf(kind, inNamesOfRecipe(applied.settings, parts)));
    outcomes.push(applied.outcome);
  }
  if (kept !== undefined && (await surroundings.training?.checkpoints?.read()) === undefined) await kept.store.remove();
  return { model: current, recipe: { version: 2, steps }, outcomes, sources };
}

/** What is kept of the steps before the first training, if there are any and someone keeps it. */
interface KeptSteps {
  readonly store: CheckpointStore;
  readonly key: string;
  /** Steps before the training. */
  readonly before: number;
  /** What an earlier run made of them. */
  readonly made: StepsMade | undefined;
}

async function keptSteps(
  model: Model,
  steps: readonly RecipeStep[],
  { training, calibration, vnni }: StepSurroundings,
): Promise<KeptSteps | undefined> {
  const store = training?.stepsBefore;
  const before = steps.findIndex((step) => 'distill' in step);
  const distill = steps[before];
  if (store === undefined || before < 1 || distill === undefined || !('distill' in distill)) return undefined;
  const { samples } = distill.distill;
  const key = await keyOfSteps(model, steps.slice(0, before), { calibration, vnni, samples });
  return { store, key, before, made: await readSteps(store, key, model) };
}
