import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { distillStepSchema } from '../../../../main/contract/recipe/distill.ts';
import type { RecipeStep } from '../../../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import type { CheckpointStore } from '../../../../main/engine/distill/checkpoint.ts';
import { NOBODY, type TrainingHost } from '../../../../main/engine/distill/training-host.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { applyRecipe, type AppliedRecipe } from '../../../../main/engine/recipe/apply-recipe.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';
import { channelStep } from '../../../support/recipes.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const network = graph('net')
  .input('x', 'float32', ['N', 3, 8, 8])
  .conv({ name: 'one', channels: 6 })
  .relu()
  .conv({ name: 'two', inputs: 6, channels: 6 })
  .relu()
  .globalAveragePool()
  .flatten()
  .gemm({ name: 'head', inputs: 6, outputs: 4, to: 'y' })
  .output('y', 'float32', ['N', 4])
  .build();

async function* samples(count: number, seed = 7): FeedBatches {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    yield { x: { dtype: 'float32', dims: [1, 3, 8, 8], data: Float32Array.from({ length: 192 }, random) } };
  }
}

const distill = distillStepSchema.parse({ samples: 20, iterations: 12, batch: 4, rate: 0.01, augment: 'none' });
const STEPS: readonly RecipeStep[] = [{ prune: channelStep({ align: 1, minimum: 1 }) }, { distill }];

function memory(): CheckpointStore & { readonly full: () => boolean } {
  let file: Uint8Array | undefined;
  return {
    read: () => Promise.resolve(file),
    write: (bytes) => Promise.resolve(void (file = bytes)),
    remove: () => Promise.resolve(void (file = undefined)),
    full: () => file !== undefined,
  };
}

/** Applies the recipe; also the stages that it went through. */
async function apply(training: TrainingHost, { on = runner, seed = 7 } = {}): Promise<AppliedRecipe & { stages: string[] }> {
  const stages: string[] = [];
  const context = { ...quietContext(), progress: ({ stage }: { stage: string }) => void stages.push(stage) };
  const around = { calibration: (count: number) => samples(count, seed), sampleFeeds: () => Promise.resolve(undefined), runner: on, vnni: true, training };
  return { ...(await applyRecipe(network, { version: 2, steps: STEPS }, around, context)), stages };
} // prettier-ignore

/** A run whose runner dies at its sixth step, after a checkpoint. */
async function killed(training: TrainingHost): Promise<void> {
  const dying = await startRunner();
  let asked = 0;
  const order = (): Promise<'go' | 'pause'> => {
    asked++;
    if (asked === 7) dying.kill();
    return Promise.resolve(asked === 6 ? 'pause' : 'go');
  };
  await expect(apply({ ...training, order }, { on: dying })).rejects.toThrow();
}

it('goes on with a training that was killed without making the steps before it again, to the same model', async () => {
  const whole = await apply(NOBODY);
  const [checkpoints, stepsBefore] = [memory(), memory()];
  const training = { ...NOBODY, checkpoints, stepsBefore };
  await killed(training);
  expect(stepsBefore.full()).toBe(true);
  const rest = await apply(training);
  expect(whole.stages).toContain('Pruning');
  expect(rest.stages).not.toContain('Pruning');
  expect(rest.outcomes[1]!.notes.join(' ')).toMatch(/Went on from step 5/);
  expect(Buffer.compare(encodeModelBytes(rest.model), encodeModelBytes(whole.model))).toBe(0);
  expect(rest.recipe).toEqual(whole.recipe);
  expect(rest.sources).toEqual(whole.sources);
  expect(rest.outcomes.map(({ kind }) => kind)).toEqual(['prune', 'distill']);
  expect([checkpoints.full(), stepsBefore.full()]).toEqual([false, false]);
});

it('makes them again for other samples, and where what is kept is damaged', async () => {
  const [checkpoints, stepsBefore] = [memory(), memory()];
  const training = { ...NOBODY, checkpoints, stepsBefore };
  await killed(training);
  const kept = (await stepsBefore.read())!;
  expect((await apply(training, { seed: 8 })).stages).toContain('Pruning');
  const damaged = Uint8Array.from(kept);
  damaged[kept.length - 5]! ^= 1;
  await stepsBefore.write(damaged);
  expect((await apply(training)).stages).toContain('Pruning');
});
