import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { equalizeStepSchema } from '../../../../main/contract/recipe/equalize.ts';
import { equalizeModel } from '../../../../main/engine/equalize/equalize-model.ts';
import { expectedError } from '../../../../main/engine/equalize/rounding-noise.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual } from '../passes/expect-equal.ts';
import { sampleTransformer, signalToNoise } from './sample-transformer.ts';
import { randomBatches, randomFeed } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function smooth(model: Model, dims: readonly number[], alpha: number | 'auto') {
  const settings = equalizeStepSchema.parse({ method: 'smooth', alpha });
  return equalizeModel(model, { settings, calibration: () => randomBatches(dims, 4), runner }, quietContext());
}

const values = (model: Model, name: string): number[] =>
  Array.from(tensorValues(indexGraph(model.graph).initializer(name)!) as Float32Array);

/** x [N, 2] → normalization with these γ → a product with rows of these magnitudes. */
const normalized = (gamma: number[], weight: number[]): Model =>
  graph()
    .input('x', 'float32', ['N', 4, 2])
    .initializer('gamma', 'float32', [2], gamma)
    .initializer('beta', 'float32', [2], [0, 0])
    .initializer('w', 'float32', [2, 2], weight)
    .node('LayerNormalization', ['x', 'gamma', 'beta'], { axis: -1n }, ['n'], { name: 'norm' })
    .node('MatMul', ['n', 'w'], {}, ['y'], { name: 'product' })
    .output('y')
    .build();

describe('expected error', () => {
  it('adds the noise of data and of weights', () => {
    // One channel from 0 to 2.55: steps of 0.01 are noise of 1e-4/12, times the weight's 1.27². One weight: steps of 0.01 too,
    // times the mean square 2. All over 2·1.27².
    const data = {
      least: Float64Array.of(0), largest: Float64Array.of(2.55), squares: Float64Array.of(2),
      weights: [{ outputs: 1, rows: Float64Array.of(1.27) }],
    }; // prettier-ignore
    const expected = ((1e-4 / 12) * 1.27 ** 2 + (2 * 1e-4) / 12) / (2 * 1.27 ** 2);
    expect(expectedError(data, Float64Array.of(1))).toBeCloseTo(expected, 12);
    // One channel alone gains nothing by a factor.
    expect(expectedError(data, Float64Array.of(4))).toBeCloseTo(expected, 12);
  });
});

describe('smoothing', () => {
  it('divides γ by max|X|^α ÷ max|W|^(1−α) and multiplies the rows', async () => {
    // Two features normalise to ±1, so max|X| is γ: 16 and 1, against rows of 1 and 1: √16 = 4 and 1, their geometric mean 2.
    const model = normalized([16, 1], [1, 1, 1, -1]);
    const { model: after, outcome } = await smooth(model, [8, 4, 2], 0.5);
    expect(values(after, 'gamma')).toEqual([8, 2].map((value) => expect.closeTo(value, 2)));
    expect(values(after, 'w')).toEqual([2, 2, 0.5, -0.5].map((value) => expect.closeTo(value, 2)));
    expect(outcome.groups).toMatchObject([{ from: ['norm'], to: ['product'], channels: 2, alpha: 0.5 }]);
    await expectEqual(runner, model, after, randomFeed([3, 4, 2], 9));
  });

  it('searches α, and leaves what is even as it is', async () => {
    const { outcome } = await smooth(normalized([1, 1], [1, 1, 1, -1]), [8, 4, 2], 'auto');
    expect(outcome.groups).toEqual([]);
    const uneven = await smooth(normalized([100, 1], [1, 1, 1, -1]), [8, 4, 2], 'auto');
    const [group] = uneven.outcome.groups;
    expect(group!.alpha).toBeGreaterThanOrEqual(0.3);
    expect(group!.error!.after).toBeLessThan(group!.error!.before);
  });

  it('says what it could not be folded into', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 4, 2])
      .matmul({ name: 'one', inputs: 2, outputs: 3 })
      .unary('Gelu', { name: 'gelu' })
      .matmul({ name: 'two', inputs: 3, outputs: 2, to: 'y' })
      .output('y')
      .build();
    const { outcome } = await smooth(model, [8, 4, 2], 'auto');
    expect(outcome.leftOut).toContainEqual({
      name: 'two',
      op: 'MatMul',
      reason: "could not be folded into what lies before: Gelu 'gelu' does not pass a factor on",
    });
  });
});

it('brings a transformer back whose normalizations have outliers', { timeout: 240_000 }, async () => {
  const plain = await sampleTransformer();
  const model = withOutliers(plain, 60);
  await expectEqual(runner, plain, model);
  const sqnr = await signalToNoise(runner, model, 256);
  const quantize = { quantize: { types: 'u8u8', samples: 64 } };
  const rough = await sqnr([quantize]);
  const smoothed = await sqnr([{ equalize: { method: 'smooth' } }, quantize]);
  expect(rough).toBeLessThan(15);
  expect(smoothed).toBeGreaterThan(rough + 8);
});

/** Two features of each normalization are multiplied by a number, and what takes them is divided by it: the same function. */
function withOutliers(model: Model, by: number): Model {
  const index = indexGraph(model.graph);
  const tensors = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const outlies = (feature: number): boolean => feature === 5 || feature === 40;
  const change = (name: string, factorAt: (at: number) => number): void => {
    const tensor = tensors.get(name)!;
    const changed = (tensorValues(tensor) as Float32Array).map((value, at) => value * factorAt(at));
    tensors.set(name, makeTensor(name, 'float32', tensor.dims, changed));
  };
  for (const norm of model.graph.nodes.filter(({ opType }) => opType === 'LayerNormalization')) {
    const users = index.consumers(norm.outputs[0]!).filter(({ opType }) => opType !== 'Shape');
    if (users.length === 0 || !users.every(({ opType }) => opType === 'MatMul')) continue;
    for (const name of norm.inputs.slice(1)) change(name, (at) => (outlies(at) ? by : 1));
    for (const { inputs } of users) {
      const [, columns] = tensors.get(inputs[1]!)!.dims;
      change(inputs[1]!, (at) => (outlies(Math.floor(at / columns!)) ? 1 / by : 1));
    }
  }
  return { ...model, graph: { ...model.graph, initializers: [...tensors.values()] } };
}
