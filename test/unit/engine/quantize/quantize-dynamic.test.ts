import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { DynamicStep } from '../../../../main/contract/recipe/quantize-dynamic.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { quantizeDynamic } from '../../../../main/engine/quantize/quantize-dynamic.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { largestDifference, outputsOf, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function quantize(model: Model, step: Partial<DynamicStep> = {}) {
  const full = quantizeStepSchema.parse({ scheme: 'int8-dynamic', reduceRange: true, ...step }) as DynamicStep;
  return quantizeDynamic(model, { step: full, runner, vnni: true }, quietContext());
}

/** y = x · diag(1, 2) + (10, 20), written as MatMul and Add, or as a Gemm with transB, alpha and beta. */
const product = (): Model =>
  graph()
    .input('x', 'float32', ['N', 2])
    .initializer('w', 'float32', [2, 2], [1, 0, 0, 2])
    .initializer('b', 'float32', [2], [10, 20])
    .node('MatMul', ['x', 'w'], {}, ['p'], { name: 'product' })
    .node('Add', ['p', 'b'], {}, ['y'], { name: 'add' })
    .output('y', 'float32', ['N', 2])
    .build({ opset: 17 });

const gemm = (): Model =>
  graph()
    .input('x', 'float32', ['N', 2])
    .initializer('w', 'float32', [3, 2], [1, 0.5, 0, 2, 4, 4])
    .initializer('b', 'float32', [3], [1, 2, 3])
    .node('Gemm', ['x', 'w', 'b'], { transB: 1n, alpha: 0.5, beta: 2 }, ['y'], { name: 'gemm' })
    .output('y', 'float32', ['N', 3])
    .build({ opset: 17 });

describe('dynamic int8', () => {
  it('computes a product with the range that the run brings', async () => {
    const { model, layers, fusedShare } = await quantize(product());
    // 255 is the range of x, so its codes are exact; the weights are multiples of their scales.
    const x = { x: { dtype: 'float32', dims: [2, 2], data: Float32Array.of(0, 255, 17, 34) } } as const;
    const y = (await outputsOf(runner, model, x))['y']!;
    expect(largestDifference(y, [10, 530, 27, 88])).toBeLessThan(0.01);
    expect(layers.map(({ name, quantized }) => [name, quantized])).toEqual([
      ['product', true],
      ['add', false],
    ]);
    expect(fusedShare).toBe(1);
  });

  it('turns the weights of a Gemm, and takes its factors into scales and bias', async () => {
    const { model } = await quantize(gemm());
    const float = (await outputsOf(runner, gemm(), randomFeed([4, 2])))['y']!;
    const found = (await outputsOf(runner, model, randomFeed([4, 2])))['y']!;
    expect(largestDifference(found, float)).toBeLessThan(0.05);
    expect(model.graph.nodes.some(({ opType }) => opType === 'Gemm')).toBe(false);
  });

  it('leaves convolutions in float unless they are asked for', async () => {
    const cnn = graph()
      .input('x', 'float32', ['N', 3, 8, 8])
      .conv({ name: 'c1', channels: 8 })
      .relu({ name: 'r' })
      .conv({ name: 'c2', channels: 8, group: 8, to: 'y' })
      .output('y', 'float32', ['N', 8, 8, 8])
      .build({ opset: 17 });
    const left = await quantize(cnn);
    expect(left.notes).toEqual(['No layer of this model can run in dynamic int8; it stays as it was.']);
    for (const perChannel of [true, false]) {
      const { model, layers } = await quantize(cnn, { convolutions: true, perChannel });
      expect(layers.filter(({ quantized }) => quantized).map(({ name }) => name)).toEqual(['c1', 'c2']);
      const float = (await outputsOf(runner, cnn, randomFeed([2, 3, 8, 8])))['y']!;
      const found = (await outputsOf(runner, model, randomFeed([2, 3, 8, 8])))['y']!;
      const most = float.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(largestDifference(found, float) / most).toBeLessThan(0.06);
    }
  });

  it('keeps layers in float that the recipe leaves out', async () => {
    const { model, layers } = await quantize(gemm(), { exclude: ['gemm'] });
    expect(layers[0]).toMatchObject({ quantized: false, reason: 'left out by the recipe' });
    expect(model).toStrictEqual(gemm());
  });
});
