/** A real pruned model is trained towards its original on real data, where they lie beside the repository. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import { evaluateModel } from '../../main/engine/dataset/evaluate.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import { splitIndices } from '../../main/engine/dataset/split.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { applyRecipe, type AppliedRecipe } from '../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const CIFAR = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const SPLIT = { seed: 0, share: 0.5 };
const PRUNE = { prune: { structure: 'channel', score: 'l2', align: 2, minimum: 2, target: { macs: 0.5 } } };
/** A short run: the settings that a preset comes with take seven times as long. */
const DISTILL = { distill: { samples: 400, iterations: 200, batch: 32, rate: 1.2e-3 } };

describe.skipIf(!existsSync(assets))('distillation of a pruned ResNet-20', () => {
  let runner: Runner;
  let float: Model;
  beforeAll(async () => {
    runner = await startRunner();
    float = (await openModel(`${assets}/models/resnet20-cifar10/resnet20-cifar10.onnx`)).model;
  });
  afterAll(() => runner.kill());

  async function made(steps: readonly object[]): Promise<AppliedRecipe & { readonly agreement: number }> {
    const jpegs = await openDataset(`${assets}/data/cifar10-test-1k`, { preprocessing: CIFAR });
    async function* calibration(samples: number): FeedBatches {
      const indices = splitIndices(jpegs, { part: 'calibration', ...SPLIT }, samples);
      for await (const { feeds } of jpegs.batches(inputPorts(float), 16, { indices })) yield feeds;
    }
    const applied = await applyRecipe(
      float,
      recipeSchema.parse({ version: 2, steps }),
      { calibration, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: null },
      quietContext(),
    );
    const indices = splitIndices(jpegs, { part: 'evaluation', ...SPLIT }, null);
    const models = { model: sourceOfModel(applied.model), reference: sourceOfModel(float) };
    const settings = { provider: 'cpu', threads: null } as const;
    const rest = await evaluateModel({ ...models, dataset: jpegs, indices, runner, settings }, quietContext());
    return { ...applied, agreement: rest.agreement!.value };
  }

  it('brings back what repair left, on images that it was not trained on', async () => {
    const repaired = await made([PRUNE, { repair: {} }]);
    const trained = await made([PRUNE, { repair: {} }, DISTILL]);
    const outcome = trained.outcomes[2]!;
    if (outcome.kind !== 'distill') throw new Error('the third step distills');
    const { heldOut, best, samples, layers } = outcome.details.training;
    expect(samples).toEqual({ trained: 360, heldOut: 40 });
    expect(heldOut.find(({ step }) => step === best)!.loss).toBeLessThan(0.95 * heldOut[0]!.loss);
    expect(trained.agreement).toBeGreaterThan(repaired.agreement + 0.01);
    expect(layers.length).toBeGreaterThan(15);
  }, 600_000);
});
