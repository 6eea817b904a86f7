import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { repairStepSchema } from '../../../../../main/contract/recipe/repair.ts';
import { indexGraph } from '../../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../../main/engine/graph/make.ts';
import { mapTensors } from '../../../../../main/engine/graph/tensors.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import type { Lineage } from '../../../../../main/engine/prune/lineage.ts';
import { repairModel } from '../../../../../main/engine/prune/repair/repair-model.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf, randomFeed } from '../../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

type Settings = Record<string, unknown>;

async function repair(
  pruned: Model,
  { before, settings = {}, feeds, kept = new Map() }: { before: Model; settings?: Settings; feeds: readonly HostTensors[]; kept?: Lineage['kept'] },
) {
  const calibration = async function* (): AsyncGenerator<HostTensors> {
    yield* feeds;
  };
  const lineage = { before, kept };
  return repairModel(pruned, { settings: repairStepSchema.parse(settings), lineage, calibration, runner }, quietContext());
} // prettier-ignore

const values = (model: Model, name: string): number[] =>
  Array.from<number | bigint, number>(tensorValues(indexGraph(model.graph).initializer(name)!), Number);

/** The model with other values of an initializer. */
const withValues = (model: Model, name: string, change: (value: number, at: number) => number): Model =>
  mapTensors(model, (tensor) =>
    tensor.name === name
      ? makeTensor(name, 'float32', tensor.dims, Float32Array.from<number | bigint>(tensorValues(tensor), (v, at) => change(Number(v), at)))
      : tensor,
  ); // prettier-ignore

const exact = { method: 'least-squares', ridge: 0 };

describe('least squares', () => {
  /** y = W·(a, b, a + b) + bias */
  const dependent = (weight: number[]): Model =>
    graph()
      .input('x', 'float32', ['N', 3])
      .gemm({ name: 'fc', inputs: 3, outputs: 2, weight, to: 'y' })
      .output('y')
      .build();
  const sums = (rows: number): HostTensors => {
    const random = seededRandom(5);
    const data = Float32Array.from(
      Array.from({ length: rows }, () => [random(), random()]).flatMap(([a, b]) => [a!, b!, a! + b!]),
    );
    return { x: { dtype: 'float32', dims: [rows, 3], data } };
  };

  it('gives the weights back that a pruned input held, where it is the sum of the others', async () => {
    const before = dependent([1, 2, 3, 4, 5, 6]);
    const pruned = withValues(before, 'fc.weight', (value, at) => (at % 3 === 2 ? 0 : value));
    const { model, outcome } = await repair(pruned, { before, settings: exact, feeds: [sums(20), sums(30)] });
    // y = a + 2b + 3(a + b) = 4a + 5b; 4a + 5b + 6(a + b) = 10a + 11b
    for (const [at, value] of [4, 5, 0, 10, 11, 0].entries())
      expect(values(model, 'fc.weight')[at]).toBeCloseTo(value, 3);
    expect(outcome.layers[0]!.error.before).toBeGreaterThan(0.1);
    expect(outcome.layers[0]!.error.after).toBeLessThan(1e-6);
    expect(outcome.gain!.after.sqnrDb).toBeGreaterThan(60);
    expect(outcome.gain!.samples).toBe(50);
  });

  it('keeps the zeros of each row, whatever others have', async () => {
    const before = dependent([1, 2, 3, 4, 5, 6]);
    const pruned = withValues(before, 'fc.weight', (value, at) => (at === 2 || at === 4 ? 0 : value));
    const { model } = await repair(pruned, { before, settings: exact, feeds: [sums(40)] });
    // Second row: b = (a + b) − a, so 4a + 5b + 6(a + b) = −a + 11(a + b)
    for (const [at, value] of [4, 5, 0, -1, 0, 11].entries())
      expect(values(model, 'fc.weight')[at]).toBeCloseTo(value, 3);
  });

  it('takes a stronger ridge where inputs are dependent, and says so', async () => {
    const before = dependent([1, 2, 3, 4, 5, 6]);
    const pruned = withValues(before, 'fc.weight', (value) => value / 2);
    const { outcome } = await repair(pruned, { before, settings: exact, feeds: [sums(40)] });
    expect(outcome.layers[0]!.note).toMatch(/^its inputs are dependent: solved with a ridge of /);
    expect(outcome.layers[0]!.error.after).toBeLessThan(1e-4);
  });

  /** Two convolutions; channel 2 of the first is channel 0 + channel 1, since its kernels are. */
  const twoConvs = (channels: number): Model => {
    const random = seededRandom(3);
    const kernels = Array.from({ length: 2 }, () => Array.from({ length: 9 }, () => random() - 0.5));
    const first = [...kernels, kernels[0]!.map((value, at) => value + kernels[1]![at]!)].slice(0, channels).flat();
    const second = Array.from({ length: 2 * channels * 9 }, () => random() - 0.5);
    return graph()
      .input('x', 'float32', ['N', 1, 6, 6])
      .conv({ name: 'c1', channels, weight: first, bias: false, to: 'c1_out' })
      .conv({ name: 'c2', channels: 2, weight: second, bias: false, to: 'y' })
      .output('y')
      .build();
  };

  it('makes up exactly for a channel that was cut out and is the sum of two that stay', async () => {
    const [before, pruned] = [twoConvs(3), twoConvs(2)];
    const feeds = [randomFeed([8, 1, 6, 6])];
    const kept = new Map([['c1_out', [{ axis: 1, indices: Uint32Array.of(0, 1) }]]]);
    const { model, outcome } = await repair(pruned, { before, settings: exact, feeds, kept });
    expect(outcome.layers.map(({ name }) => name)).toEqual(['c1', 'c2']);
    expect(outcome.layers[1]!.error.before).toBeGreaterThan(0.05);
    expect(outcome.layers[1]!.error.after).toBeLessThan(1e-5);
    const fresh = randomFeed([4, 1, 6, 6], 99);
    const [wanted, got] = [await outputsOf(runner, before, fresh), await outputsOf(runner, model, fresh)];
    wanted['y']!.forEach((value, at) => expect(got['y']![at]).toBeCloseTo(value, 2));
  });

  it('aims at the float sum less the pruned shortcut', async () => {
    const shortcut = (scale: number): Model =>
      graph()
        .input('x', 'float32', ['N', 3])
        .gemm({ name: 'skip', inputs: 3, outputs: 3, weight: [scale, 0, 0, 0, scale, 0, 0, 0, scale], bias: false, to: 's' })
        .gemm({ name: 'fc', from: 's', inputs: 3, outputs: 3, weight: [1, 0, 0, 0, 1, 0, 0, 0, 1], bias: false, to: 'f' })
        .addTo('s', { name: 'add', to: 'y' })
        .output('y')
        .build(); // prettier-ignore
    // The float shortcut gives 2x and the whole 4x; with x left of it, the layer gives what x + f must: f = 3x.
    const { model } = await repair(shortcut(1), {
      before: shortcut(2),
      settings: { ...exact, exclude: ['skip'] },
      feeds: [randomFeed([40, 3])],
    });
    for (const [at, value] of [3, 0, 0, 0, 3, 0, 0, 0, 3].entries())
      expect(values(model, 'fc.weight')[at]).toBeCloseTo(value, 3);
  });

  it('leaves layers alone that are excluded, share their weights, or get nothing but constants, and says why', async () => {
    const build = (): Model =>
      graph()
        .input('x', 'float32', ['N', 2])
        .weights('shared', [2, 2])
        .node('Gemm', ['x', 'shared'], {}, ['a'], { name: 'first' })
        .node('Gemm', ['a', 'shared'], {}, ['b'], { name: 'second' })
        .gemm({ name: 'third', from: 'b', inputs: 2, outputs: 2, to: 'c' })
        .node('Mul', ['c', 'zero'], {}, ['d'])
        .initializer('zero', 'float32', [1], [0])
        .gemm({ name: 'dead', from: 'd', inputs: 2, outputs: 2, to: 'y' })
        .output('y')
        .build();
    const before = build();
    const settings = { ...exact, exclude: ['third'] };
    const { model, outcome } = await repair(before, { before, settings, feeds: [randomFeed([9, 2])] });
    expect(outcome.leftOut).toEqual([
      { name: 'first', op: 'Gemm', reason: "shares its weights with 'second'" },
      { name: 'second', op: 'Gemm', reason: "shares its weights with 'first'" },
      { name: 'third', op: 'Gemm', reason: 'left out by the recipe' },
    ]);
    expect(outcome.layers).toMatchObject([{ name: 'dead', note: 'its input is constant on the calibration samples' }]);
    expect(model).toBe(before);
    expect(outcome.notes).toContain('No layer could be brought nearer to the float model; the weights stay as they were.');
  }); // prettier-ignore
});

describe('bias', () => {
  it('adds what the output lacks on average', async () => {
    const net = graph()
      .input('x', 'float32', ['N', 2])
      .gemm({ name: 'fc', inputs: 2, outputs: 2, weight: [1, 2, 3, 4], to: 'y' })
      .output('y')
      .build();
    const before = withValues(net, 'fc.bias', () => 0);
    const pruned = withValues(before, 'fc.weight', (value, at) => (at === 1 ? 0 : value));
    // Means of x are 2 and 5: row 0 lacks 2 · 5 on average, row 1 nothing.
    const feeds = [{ x: { dtype: 'float32' as const, dims: [2, 2], data: Float32Array.of(1, 4, 3, 6) } }];
    const { model, outcome } = await repair(pruned, { before, settings: { method: 'bias' }, feeds });
    expect(values(model, 'fc.bias')).toEqual([10, 0]);
    expect(values(model, 'fc.weight')).toEqual([1, 0, 3, 4]);
    // The errors of row 0 were 8 and 12, and are −2 and 2; the float outputs are 9, 15 and 19, 33.
    const reference = 81 + 225 + 361 + 1089;
    expect(outcome.layers[0]!.error.before).toBeCloseTo((64 + 144) / reference, 5);
    expect(outcome.layers[0]!.error.after).toBeCloseTo((4 + 4) / reference, 5);
  });
});

describe('statistics', () => {
  const feeds = [{ x: { dtype: 'float32' as const, dims: [2, 1, 1, 2], data: Float32Array.of(1, 2, 3, 6) } }];
  const oneConv = (weight: number): Model =>
    graph()
      .input('x', 'float32', ['N', 1, 1, 2])
      .conv({ name: 'c', channels: 1, kernel: 1, weight: [weight], bias: false, to: 'c_out' })
      .initializer('gamma', 'float32', [1], [2])
      .initializer('beta', 'float32', [1], [1])
      .initializer('mean', 'float32', [1], [3])
      .initializer('variance', 'float32', [1], [3.5])
      .node('BatchNormalization', ['c_out', 'gamma', 'beta', 'mean', 'variance'], {}, ['y'], { name: 'bn' })
      .output('y')
      .build();

  it('lets BatchNormalization learn mean and variance of its input again', async () => {
    // 1, 2, 3, 6: mean 3, variance 3.5; scaled by 3: mean 9, variance 31.5
    const { model, outcome } = await repair(oneConv(3), {
      before: oneConv(1),
      settings: { method: 'statistics' },
      feeds,
    });
    expect(values(model, 'mean')[0]).toBeCloseTo(9, 5);
    expect(values(model, 'variance')[0]).toBeCloseTo(31.5, 4);
    expect(outcome.layers).toHaveLength(1);
    expect(outcome.layers[0]!.error.after).toBeLessThan(1e-9);
    expect(outcome.gain!.after.sqnrDb).toBeGreaterThan(60);
  });

  it('brings mean and deviation of a convolution back that no normalization follows', async () => {
    const net = (weight: number, bias: number): Model =>
      withValues(
        graph()
          .input('x', 'float32', ['N', 1, 1, 2])
          .conv({ name: 'c', channels: 1, kernel: 1, weight: [weight], to: 'y' })
          .output('y')
          .build(),
        'c.bias',
        () => bias,
      );
    const settings = { method: 'statistics' };
    const { model, outcome } = await repair(net(1, 0), { before: net(4, 1), settings, feeds });
    // Deviations differ by 4, but both variances are taken 1 % of the target's (56) larger: √(56.56 / 4.06)
    const scale = Math.sqrt(56.56 / 4.06);
    expect(values(model, 'c.weight')[0]).toBeCloseTo(scale, 4);
    expect(values(model, 'c.bias')[0]).toBeCloseTo(13 - 3 * scale, 4);
    expect(outcome.layers[0]!.error.after).toBeLessThan(outcome.layers[0]!.error.before / 100);
  });

  it('gives the features of LayerNormalization their mean and deviation back', async () => {
    const net = (gamma: number[], beta: number[]): Model =>
      graph()
        .input('x', 'float32', ['N', 3])
        .initializer('gamma', 'float32', [3], gamma)
        .initializer('beta', 'float32', [3], beta)
        .node('LayerNormalization', ['x', 'gamma', 'beta'], {}, ['y'], { name: 'ln' })
        .output('y')
        .build();
    const before = net([1, 1, 1], [0, 0, 0]);
    const settings = { method: 'statistics' };
    const { model, outcome } = await repair(net([2, 1, 1], [0, 1, 0]), {
      before,
      settings,
      feeds: [randomFeed([200, 3])],
    });
    expect(outcome.layers.map(({ name }) => name)).toEqual(['ln']);
    // 1 % off, since a share of the target's variance is added to both.
    [1, 1, 1].forEach((value, at) => expect(values(model, 'gamma')[at]).toBeCloseTo(value, 1));
    [0, 0, 0].forEach((value, at) => expect(values(model, 'beta')[at]).toBeCloseTo(value, 1));
    expect(outcome.gain!.after.sqnrDb).toBeGreaterThan(30);
  });
});
