/** The search for widths and the repair on a real model, where it lies beside the repository, in seconds. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quietContext } from '../../main/base/progress.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { applyRecipe } from '../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import { atMost, type BenchRow } from './bench-row.ts';

const ASSETS = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const PREPROCESSING = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const LIMIT_S = 30;
const CHANNELS = { structure: 'channel', score: 'obs', align: 2, minimum: 2, target: { macs: 0.5 } };

/** ResNet-20 to half of its multiply–accumulates on 500 images: search and repair; none where the model is not there. */
export async function searchRows(runner: Runner): Promise<BenchRow[]> {
  const path = `${ASSETS}/models/resnet20-cifar10/resnet20-cifar10.onnx`;
  if (!existsSync(path)) return [];
  const { model } = await openModel(path);
  const images = await openDataset(`${ASSETS}/data/cifar10-test-1k`, { preprocessing: PREPROCESSING });
  async function* calibration(samples: number): FeedBatches {
    for await (const { feeds } of images.batches(inputPorts(model), 16, { limit: Math.min(500, samples) })) yield feeds;
  }
  const surroundings = { calibration, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: null };
  const recipe = recipeSchema.parse({ version: 2, steps: [{ prune: CHANNELS }, { repair: {} }] });
  const start = performance.now();
  await applyRecipe(model, recipe, surroundings, quietContext());
  const seconds = (performance.now() - start) / 1000;
  return [atMost(`cut: ResNet-20 to 50 % of the MACs, search and repair (${seconds.toFixed(1)} s) / ${LIMIT_S} s`, seconds / LIMIT_S, 1)]; // prettier-ignore
}
