import { assert } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { lastStepOf } from '../../contract/recipe/kinds.ts';
import { sourcesOf } from '../../engine/passes/pass.ts';
import { applyRecipe } from '../../engine/recipe/apply-recipe.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { measureSpace } from '../../engine/search/measure-space.ts';
import { calibrationMemory } from './calibration-folder.ts';
import { calibrationData } from './apply.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/**
 * What a search chooses among in the model that the recipe's steps before the last, which quantizes, make: times, bytes and losses of groups
 * of layers, named as in the source.
 * @throws what `measureSpace` throws; DATA_…
 */
export async function searchSpace(
  { path, calibration: source, recipe, minimize, kept = null }: OperationParams<'searchSpace'>,
  context: TaskContext,
): Promise<OperationResult<'searchSpace'>> {
  const { model } = await openRunnable(path, context.signal);
  const { feeds: calibration, sampleFeeds } = await calibrationData(model, source, context.signal);
  const { vnni } = machineInfo('');
  return withThreadRunner(context.signal, async (runner) => {
    const step = lastStepOf(recipe, 'quantize');
    assert(step?.scheme === 'int8-static', 'a search quantizes statically');
    const before = { ...recipe, steps: recipe.steps.slice(0, -1) };
    const changed = await applyRecipe(model, before, { calibration, sampleFeeds, runner, vnni }, context);
    const memory = kept === null ? {} : { memory: await calibrationMemory(kept, source) };
    const input = { step, calibration, runner, vnni, minimize, ...memory };
    const space = await measureSpace(changed.model, input, context);
    if (space === undefined) return null;
    const inSource = (layers: readonly string[]): string[] => [
      ...new Set(layers.flatMap((layer) => sourcesOf(changed.sources, layer))),
    ];
    return { ...space, groups: space.groups.map((group) => ({ ...group, layers: inSource(group.layers) })) };
  });
}
