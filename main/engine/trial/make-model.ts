import type { TaskContext } from '../../base/progress.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type { OpenedFile } from '../onnx/open.ts';
import { saveModel, type SavedFile } from '../onnx/save.ts';
import { proveWritten } from '../passes/prove-written.ts';
import { applyRecipe, type AppliedRecipe } from '../recipe/apply-recipe.ts';
import type { StepSurroundings } from '../steps/step.ts';

export interface MadeModel extends AppliedRecipe {
  readonly saved: SavedFile;
}

export interface MakeRequest {
  readonly recipe: Recipe;
  /** Where the model goes; a file of a former run is replaced, the opened file never. */
  readonly output: string;
}

/**
 * Makes a trial's model: applies the recipe to the opened file, writes the result whole, and proves it before it takes its
 * place. The one way in which studio and terminal make models.
 * @throws what `applyRecipe`, `saveModel` and `proveWritten` throw; then nothing is written
 */
export async function makeModel(
  opened: OpenedFile,
  { recipe, output }: MakeRequest,
  surroundings: StepSurroundings,
  context: TaskContext,
): Promise<MadeModel> {
  const applied = await applyRecipe(opened.model, recipe, surroundings, context);
  context.progress({ stage: 'Writing', done: 0, total: 1 });
  const promised = { model: applied.model, source: opened.model, feeds: await surroundings.sampleFeeds() };
  const saved = await saveModel(applied.model, output, {
    overwrite: true,
    source: opened.path,
    signal: context.signal,
    prove: (path) => proveWritten(path, promised, surroundings.runner, context),
  });
  return { ...applied, saved };
}
