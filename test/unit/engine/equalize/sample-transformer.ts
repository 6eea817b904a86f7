import { fileURLToPath } from 'node:url';
import { quietContext } from '../../../../main/base/progress.ts';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { applyRecipe } from '../../../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../../../main/engine/runtime/input-dims.ts';
import type { Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { outputsOf } from '../quantize/oracle.ts';

const sample = (name: string): string =>
  fileURLToPath(new URL(`../../../../resources/samples/${name}`, import.meta.url));

/** The sample vision transformer. */
export async function sampleTransformer(): Promise<Model> {
  return (await openModel(sample('glyph-vit.onnx'))).model;
}

/** How loud a model is above what steps do to it: decibels of its logits on test samples, calibrated on others. */
export async function signalToNoise(
  runner: Runner,
  model: Model,
  samples: number,
): Promise<(steps: readonly object[]) => Promise<number>> {
  const ports = inputPorts(model);
  const validation = await openDataset(sample('glyphs-validation.npz'), { preprocessing: {} });
  const test = await openDataset(sample('glyphs-test.npz'), { preprocessing: {} });
  async function* calibration(limit: number): AsyncGenerator<HostTensors> {
    for await (const { feeds } of validation.batches(ports, 16, { limit })) yield feeds;
  }
  const batches: HostTensors[] = [];
  for await (const { feeds } of test.batches(ports, 64, { limit: samples })) batches.push(feeds);
  return async (steps) => {
    const recipe = recipeSchema.parse({ version: 2, steps });
    const surroundings = { calibration, runner, sampleFeeds: () => Promise.resolve(undefined), vnni: true };
    const changed = (await applyRecipe(model, recipe, surroundings, quietContext())).model;
    let [power, error] = [0, 0];
    for (const feeds of batches) {
      const [a, b] = [await outputsOf(runner, model, feeds), await outputsOf(runner, changed, feeds)];
      a['logits']!.forEach((value, at) => {
        power += value ** 2;
        error += (value - b['logits']![at]!) ** 2;
      });
    }
    return 10 * Math.log10(power / error);
  };
}
