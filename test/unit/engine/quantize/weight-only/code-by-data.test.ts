import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../../../main/engine/graph/make.ts';
import { tensorBytes } from '../../../../../main/engine/graph/tensor-data.ts';
import { quantizeWeightOnly } from '../../../../../main/engine/quantize/weight-only/quantize-weight-only.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { inputScaling } from '../../../../../main/engine/steps/input-scaling.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf } from '../oracle.ts';
import { quantizeWeights, weightStep } from './weight-step.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const quantize = (
  model: Model,
  settings: Record<string, unknown>,
  calibration?: (samples: number) => FeedBatches,
): ReturnType<typeof quantizeWeights> => quantizeWeights(model, settings, runner, calibration);

describe('codes from data', () => {
  /** Two layers in a row on inputs that have much to do with each other. */
  const model = graph('net', 5)
    .input('x', 'float32', ['N', 64])
    .weights('w', [64, 48])
    .node('MatMul', ['x', 'w'], {}, ['h'], { name: 'one' })
    .add(makeNode('Relu', ['h'], ['r'], { name: 'relu' }))
    .weights('v', [48, 32])
    .node('MatMul', ['r', 'v'], {}, ['y'], { name: 'two' })
    .output()
    .build();

  async function* data(samples: number, seed = 1): FeedBatches {
    const random = seededRandom(seed);
    for (let at = 0; at < samples; at += 8) {
      const rows = Array.from({ length: 8 }, () => {
        const source = Array.from({ length: 5 }, () => random() * 2 - 1);
        return Array.from({ length: 64 }, (_, i) => source[i % 5]! + 0.3 * (random() - 0.5));
      });
      yield { x: { dtype: 'float32', dims: [8, 64], data: Float32Array.from(rows.flat()) } };
    }
  }

  it('err less in the outputs than nearest codes, on other data too, and say by how much', async () => {
    const [nearest, made] = [
      await quantize(model, { block: 32, symmetric: true }),
      await quantize(model, { block: 32, symmetric: true, method: 'gptq', samples: 256 }, data),
    ];
    const errorOf = async (other: Model): Promise<number> => {
      let error = 0;
      for await (const feeds of data(64, 99)) {
        const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, other, feeds)];
        error += before['y']!.reduce((sum, value, at) => sum + (value - after['y']![at]!) ** 2, 0);
      }
      return error;
    };
    expect(await errorOf(made.model)).toBeLessThan(0.8 * (await errorOf(nearest.model)));
    const told = made.layers.find(({ name }) => name === 'one')!.weights!;
    expect(told.outputSqnrDb).toBeGreaterThan(nearest.layers[0]!.weights!.sqnrDb);
  });

  it('are the same for the same data', async () => {
    const settings = { method: 'gptq', samples: 64 };
    const [first, second] = [await quantize(model, settings, data), await quantize(model, settings, data)];
    expect(first.model.graph.initializers.map(tensorBytes)).toEqual(second.model.graph.initializers.map(tensorBytes));
  });
});

describe('cancelling', () => {
  it('is heard while a large matrix is coded', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 1024])
      .weights('w', [1024, 2048])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    const controller = new AbortController();
    const context = { ...quietContext(), signal: controller.signal };
    const settings = weightStep({ method: 'gptq', samples: 8 });
    const random = seededRandom(2);
    const data = Float32Array.from({ length: 64 * 1024 }, () => random() - 0.5);
    async function* calibration(): FeedBatches {
      yield { x: { dtype: 'float32', dims: [64, 1024], data } };
      // Soon the sums are there, and seconds of codes lie ahead.
      setTimeout(() => controller.abort(), 300);
    }
    const begun = quantizeWeightOnly(
      model,
      { step: settings, calibration, runner, scalingOf: inputScaling, sampleFeeds: async () => undefined },
      {
        ...context,
        progress: () => undefined,
      },
    );
    await expect(begun).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
