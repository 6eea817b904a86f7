import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { equalizeStepSchema } from '../../../../main/contract/recipe/equalize.ts';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { equalizeModel } from '../../../../main/engine/equalize/equalize-model.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { applyRecipe } from '../../../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../../../main/engine/runtime/input-dims.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { spreadChannels } from '../../../support/spread-channels.ts';
import { expectEqual } from '../passes/expect-equal.ts';
import { randomBatches, randomFeed } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function equalize(model: Model, dims: readonly number[], settings: object = {}, context = quietContext()) {
  const step = equalizeStepSchema.parse({ method: 'cross-layer', ...settings });
  return equalizeModel(model, { settings: step, calibration: () => randomBatches(dims, 4), runner }, context);
}

const values = (model: Model, name: string): number[] =>
  Array.from(tensorValues(indexGraph(model.graph).initializer(name)!) as Float32Array);

/** x [N, 2] → Gemm → Relu → Gemm */
const pair = (first: number[], second: number[], bias = [0, 0]): Model =>
  graph()
    .input('x', 'float32', ['N', 2])
    .initializer('b', 'float32', [2], bias)
    .initializer('one.weight', 'float32', [2, 2], first)
    .node('Gemm', ['x', 'one.weight', 'b'], { transB: 1n }, ['a'], { name: 'one' })
    .relu({ to: 'r' })
    .gemm({ name: 'two', inputs: 2, outputs: 2, weight: second, to: 'y' })
    .output('y')
    .build();

describe('equalisation between layers', () => {
  it('gives rows and columns the same share of their layers', async () => {
    // Channel 0 is given by weights up to 8 of 8 and taken by up to 2 of 8, channel 1 by 2 of 8 and 8 of 8: s = 2 and 1/2.
    const model = pair([8, 4, -2, 1], [2, -8, 1, 4], [4, 3]);
    const { model: after, outcome } = await equalize(model, [8, 2]);
    expect(values(after, 'one.weight')).toEqual([4, 2, -4, 2].map((value) => expect.closeTo(value, 2)));
    expect(values(after, 'two.weight')).toEqual([4, -4, 2, 2].map((value) => expect.closeTo(value, 2)));
    expect(outcome.groups).toMatchObject([{ from: ['one'], to: ['two'], channels: 2 }]);
    expect(outcome.groups[0]!.spread.after).toBeCloseTo(1, 2);
    await expectEqual(runner, model, after, randomFeed([5, 2], 9));
  });

  it('moves a bias on where the rectifier lets all of a channel through', async () => {
    // |x| < 1, so that channel 0 is at least 10 − 2, less a quarter of its range of 4, and channel 1 crosses zero.
    const model = pair([1, 1, 1, 1], [1, 1, 1, -1], [10, 0]);
    const { model: after, outcome } = await equalize(model, [8, 2]);
    const [moved, stays] = values(after, 'b');
    expect(moved).toBeLessThan(5);
    expect(stays).toBeCloseTo(0, 6);
    expect(outcome.notes).toContain('The bias of 1 channels was moved on to the layers behind.');
    await expectEqual(runner, model, after, randomFeed([8, 2], 1));
  });

  it('scales through depthwise convolutions, PRelu, sums, pools and a flattened map', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 3, 8, 8])
      .conv({ name: 'wide', channels: 6, kernel: 1, to: 'w' })
      .weights('slope', [6, 1, 1])
      .unary('PRelu', { to: 'p' }, ['slope'])
      .conv({ name: 'deep', channels: 6, group: 6, to: 'd' })
      .addTo('p', { to: 's' })
      .node('MaxPool', ['s'], { kernel_shape: [2n, 2n], strides: [2n, 2n] }, ['m'])
      .flatten({ to: 'f' })
      .gemm({ name: 'last', inputs: 96, outputs: 4, to: 'y' })
      .output('y')
      .build();
    const { model: after, outcome } = await equalize(model, [4, 3, 8, 8]);
    expect(outcome.groups.map(({ from, to }) => [from, to])).toEqual([
      [
        ['wide', 'deep'],
        ['deep', 'last'],
      ],
    ]);
    await expectEqual(runner, model, after, randomFeed([2, 3, 8, 8], 3));
  });

  it('keeps a limit right for channels below it, and leaves those that meet it', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('low', 'float32', [], [0])
      .initializer('high', 'float32', [], [6])
      .gemm({ name: 'one', inputs: 2, outputs: 2, bias: false, weight: [9, 9, 0.1, 0.1], to: 'a' })
      .node('Clip', ['a', 'low', 'high'], {}, ['c'], { name: 'clip' })
      .gemm({ name: 'two', inputs: 2, outputs: 2, weight: [1, 9, 9, 1], to: 'y' })
      .output('y')
      .build();
    const { model: after, outcome } = await equalize(model, [64, 2]);
    const [met, below] = [values(after, 'one.weight')[0]!, values(after, 'one.weight')[2]!];
    expect(met).toBeCloseTo(9, 5);
    expect(below).toBeGreaterThan(0.2);
    expect(below * 2).toBeLessThanOrEqual(6.001);
    expect(outcome.notes[0]).toMatch(/1 upper limits stay/);
    await expectEqual(runner, model, after, randomFeed([64, 2], 1));
  });

  it('says why a layer is left alone', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 3])
      .gemm({ name: 'one', inputs: 3, outputs: 4 })
      .unary('Sigmoid', { name: 'squash' })
      .gemm({ name: 'two', inputs: 4, outputs: 2, to: 'y' })
      .output('y')
      .build();
    const { model: after, outcome } = await equalize(model, [4, 3]);
    expect(after).toBe(model);
    expect(outcome.leftOut).toMatchObject([
      { name: 'one', reason: "Sigmoid 'squash' does not pass a factor on" },
      { name: 'two', reason: "'y' is an output of the model" },
    ]);
    expect(outcome.notes).toContain('There was nothing to even out; the model stays as it was.');
  });

  it('leaves excluded layers as they are', async () => {
    const model = pair([8, 4, -2, 1], [2, -8, 1, 4]);
    const { outcome } = await equalize(model, [8, 2], { exclude: ['two'] });
    expect(outcome.groups).toEqual([]);
    expect(outcome.leftOut).toContainEqual({ name: 'two', op: 'Gemm', reason: 'left out by the recipe' });
  });

  it('stops when it is cancelled', async () => {
    const stop = new AbortController();
    stop.abort();
    const model = pair([8, 4, -2, 1], [2, -8, 1, 4]);
    await expect(equalize(model, [8, 2], {}, { ...quietContext(), signal: stop.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    runner = await startRunner();
  });
});

describe('a network of plain and depthwise convolutions whose channels have spread ranges, with one scale for each tensor', () => {
  it('goes from chance to what the float model gives', { timeout: 240_000 }, async () => {
    const samples = (name: string): string =>
      fileURLToPath(new URL(`../../../../resources/samples/${name}`, import.meta.url));
    const { model: plain } = await openModel(samples('glyph-cnn.onnx'));
    const model = spreadChannels(plain, { most: 100, seed: 3 });
    await expectEqual(runner, plain, model);
    const ports = inputPorts(model);
    const validation = await openDataset(samples('glyphs-validation.npz'), { preprocessing: {} });
    const test = await openDataset(samples('glyphs-test.npz'), { preprocessing: {} });
    async function* calibration(limit: number): AsyncGenerator<HostTensors> {
      for await (const { feeds } of validation.batches(ports, 16, { limit })) yield feeds;
    }
    const accuracy = async (measured: Model): Promise<number> => {
      const session = await runner.load(sourceOfModel(measured), { provider: 'cpu', threads: null });
      let [right, all] = [0, 0];
      for await (const { feeds, labels } of test.batches(ports, 64, { limit: 512 })) {
        const scores = (await session.run(feeds))['logits']!.data as Float32Array;
        labels!.forEach((label, at) => {
          const row = scores.subarray(at * 36, at * 36 + 36);
          right += row.indexOf(Math.max(...row)) === Number(label) ? 1 : 0;
          all++;
        });
      }
      await session.close();
      return right / all;
    };
    const quantized = async (steps: readonly object[]): Promise<Model> => {
      const recipe = recipeSchema.parse({ version: 2, steps });
      const surroundings = { calibration, runner, sampleFeeds: () => Promise.resolve(undefined), vnni: true };
      return (await applyRecipe(model, recipe, surroundings, quietContext())).model;
    };
    const quantize = { quantize: { perChannel: false, types: 'u8u8', samples: 128 } };
    const float = await accuracy(model);
    // One of 36 is chance.
    expect(await accuracy(await quantized([quantize]))).toBeLessThan(0.1);
    expect(await accuracy(await quantized([{ equalize: { method: 'cross-layer' } }, quantize]))).toBeGreaterThan(
      float - 0.02,
    );
  });
});
