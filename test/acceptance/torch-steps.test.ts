/** Models of the assets trained as PyTorch trains them: what came of twenty steps there is in `test/fixtures/training`. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import { apartFromTorch, TORCH_STEPS } from '../support/torch-steps.ts';

const assets = new URL('../../../shared/assets/models', import.meta.url).pathname;

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

describe.skipIf(!existsSync(assets))('after twenty steps', () => {
  it.each(['resnet20-cifar10', 'llama-dreams-260k'])('%s is what PyTorch makes of it', async (name) => {
    const apart = await apartFromTorch(runner, `${assets}/${name}/${name}.onnx`, TORCH_STEPS.get(name)!);
    expect(apart.losses).toBeLessThan(1e-4);
    expect(apart.weights).toBeLessThan(1e-5);
    expect(apart.gradientNorms).toBeLessThan(1e-3);
    expect(apart.changes).toBeLessThan(5e-3);
  });
});
