/** Accuracy of real models on real data, where they lie beside the repository: the numbers that others measured. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../main/contract/data.ts';
import { evaluateModel, type EvaluationResult } from '../../main/engine/dataset/evaluate.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import { quietContext } from '../../main/base/progress.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const RESNET = 'resnet20-cifar10/resnet20-cifar10.onnx';
const FASHION = 'fashion-mnist-mlp/fashion-mnist-mlp.onnx';
const MNIST = 'cnn-mnist-pytorch/cnn_mnist_pytorch.onnx';
const CIFAR = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

describe.skipIf(!existsSync(assets))('evaluation of real models', () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.kill());

  async function evaluate(model: string, data: string, given: Partial<Preprocessing>): Promise<EvaluationResult> {
    const dataset = await openDataset(`${assets}/data/${data}`, { preprocessing: given });
    return evaluateModel(
      { model: { path: `${assets}/models/${model}` }, dataset, runner, settings: { provider: 'cpu', threads: null } },
      quietContext(),
    );
  }

  it('gives 85.65 % for the Fashion-MNIST network, channels last', async () => {
    const { metrics, samples } = await evaluate(FASHION, 'fashion-mnist-2k/x_test.npz', {});
    expect(samples).toBe(2000);
    expect(metrics['top1']!.value).toBeCloseTo(0.8565, 3);
  });

  it('gives 80.4 % for ResNet-20 on the JPEG images, in class folders', async () => {
    const { metrics, classes } = await evaluate(RESNET, 'cifar10-test-1k', CIFAR);
    expect(classes.slice(0, 2)).toEqual(['airplane', 'automobile']);
    // JPEG decoders may differ in the last bit: 2 of 1,000 images
    expect(Math.abs(metrics['top1']!.value - 0.804)).toBeLessThanOrEqual(0.002);
  });

  it('gives 92.6 % for ResNet-20 on the lossless images', async () => {
    const { metrics } = await evaluate(RESNET, 'cifar10-raw-242/cifar10_test_242.npz', CIFAR);
    expect(metrics['top1']!.value).toBeCloseTo(224 / 242, 6);
  });

  it('gives 98.5 % for the MNIST network, as a bare loop around the runtime does on these images', async () => {
    // 99.07 % is published for all 10,000 test images; these are 2,000 of them
    const { metrics } = await evaluate(MNIST, 'mnist-2k/x_test.npz', { mean: [0.1307], std: [0.3081] });
    expect(metrics['top1']!.value).toBe(0.985);
  });
});
