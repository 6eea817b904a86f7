/** Whole training graphs of real models: each parameter moved along its own gradient changes the loss as the gradient says. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy, meanSquaredError, type Loss } from '../../main/engine/autograd/loss.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { parameterSlopes } from '../support/model-gradient.ts';

const assets = new URL('../../../shared/assets/models', import.meta.url).pathname;

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const random = seededRandom(11);
const floats = (...dims: number[]): HostTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: dims.reduce((all, size) => all * size, 1) }, () => random() * 2 - 1),
});
const below = (limit: number, ...dims: number[]): HostTensor => ({
  dtype: 'int64',
  dims,
  data: BigInt64Array.from({ length: dims.reduce((all, size) => all * size, 1) }, () =>
    BigInt(Math.floor(random() * limit)),
  ),
});

const labelled = (logits: string): Loss[] => [crossEntropy({ logits, labels: 'labels' })];

describe.skipIf(!existsSync(assets))('real models', () => {
  it.each<[string, Loss[], Record<string, HostTensor>]>([
    ['resnet20-cifar10/resnet20-cifar10', labelled('logits'), { input: floats(3, 3, 32, 32), labels: below(10, 3) }],
    [
      'llama-dreams-260k/llama-dreams-260k',
      labelled('logits'),
      { input_ids: below(512, 2, 9), labels: below(512, 2, 9) },
    ],
    ['cnn-mnist-pytorch/cnn_mnist_pytorch', labelled('21'), { 0: floats(3, 1, 28, 28), labels: below(10, 3) }],
    [
      'mobilenetv1-025-128/mobilenetv1-025-128',
      [meanSquaredError({ value: 'output', target: 'target', weight: 1e5 })],
      { input: floats(2, 3, 128, 128), target: floats(2, 1001) },
    ],
  ])('%s', async (name, losses, feeds) => {
    const { model } = await openModel(`${assets}/${name}.onnx`);
    const { slopes, training } = await parameterSlopes(runner, model, { losses, feeds });
    expect(training.blocked).toEqual([]);
    expect(slopes.length).toBeGreaterThan(5);
    expect(slopes.filter(({ error }) => !(error < 0.05))).toEqual([]);
  });
});
