/** Whole models trained as PyTorch trains them: what came of twenty steps there is in `test/fixtures/training`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { apartFromTorch, TORCH_STEPS } from '../../../support/torch-steps.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

it.each(['glyph-cnn', 'glyph-vit', 'glyph-gru'])('%s after twenty steps is what PyTorch makes of it', async (name) => {
  const path = new URL(`../../../../resources/samples/${name}.onnx`, import.meta.url).pathname;
  const apart = await apartFromTorch(runner, path, TORCH_STEPS.get(name)!);
  expect(apart.losses).toBeLessThan(1e-4);
  expect(apart.weights).toBeLessThan(1e-5);
  expect(apart.gradientNorms).toBeLessThan(1e-3);
  expect(apart.changes).toBeLessThan(5e-3);
});
