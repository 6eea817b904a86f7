import { assert } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type { OpenedFile } from '../onnx/open.ts';
import type { Model } from '../graph/ir.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import { saveModel, type SavedFile } from '../onnx/save.ts';
import { statedForRuntime } from '../runtime/model-source.ts';
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
  // What is made must run here, also where the opened file states a newer version than the runtime takes.
  const model = statedForRuntime(applied.model);
  context.progress({ stage: 'Writing', done: 0, total: 1 });
  const feeds = await surroundings.sampleFeeds();
  // A model that takes other types, such as a cache as codes, runs on no inputs of the source: its step compared the two.
  const promised = takesTheSame(opened.model, model)
    ? { model, source: opened.model, feeds }
    : { model, feeds: feeds === undefined ? undefined : inTypesOf(model, feeds) };
  const saved = await saveModel(model, output, {
    overwrite: true,
    source: opened.path,
    signal: context.signal,
    prove: (path) => proveWritten(path, promised, surroundings.runner, context),
  });
  return { ...applied, model, saved };
}

/** Inputs with zeros where the model takes codes in the place of floats: a cache that is empty. */
function inTypesOf({ graph }: Model, feeds: HostTensors): HostTensors {
  const empty = graph.inputs.flatMap(({ name, type }): [string, HostTensor][] => {
    const given = feeds[name];
    if (given === undefined || type?.kind !== 'tensor' || type.dtype === given.dtype) return [];
    assert(type.dtype === 'int8' || type.dtype === 'uint8', 'what changes its type becomes codes');
    const dims = given.dims.map((dim, at) => {
      const size = type.shape?.[at];
      return typeof size === 'number' ? size : dim;
    });
    const count = elementCount(dims);
    return [
      [name, { dtype: type.dtype, dims, data: type.dtype === 'int8' ? new Int8Array(count) : new Uint8Array(count) }],
    ];
  });
  return { ...feeds, ...Object.fromEntries(empty) };
}

function takesTheSame(a: Model, b: Model): boolean {
  const typesOf = ({ graph }: Model): string =>
    JSON.stringify(graph.inputs.map(({ name, type }) => [name, type?.kind === 'tensor' ? type.dtype : null]));
  return typesOf(a) === typesOf(b);
}
