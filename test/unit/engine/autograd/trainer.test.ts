/** Training graphs, run by ONNX Runtime, against training in plain TypeScript and double precision. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy } from '../../../../main/engine/autograd/loss.ts';
import type { Optimizer } from '../../../../main/engine/autograd/optimizer.ts';
import { Trainer } from '../../../../main/engine/autograd/trainer.ts';
import { trainingGraph } from '../../../../main/engine/autograd/training-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';
import * as reference from '../../../support/reference-training.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const cpu = { provider: 'cpu', threads: 1 } as const;
const STEPS = 20;
const BATCH = 6;
const CLASSES = 4;

function stored(model: Model, name: string): Float64Array {
  return Float64Array.from(tensorValues(model.graph.initializers.find((it) => it.name === name)!) as Float32Array);
}

function mlp(): {
  model: Model;
  layers: Parameters<typeof reference.lossAndGradients>[0];
  names: string[];
  dims: number[];
  /** Of each parameter that is a matrix. */
  columns: (number | null)[];
} {
  const model = graph('mlp')
    .input('x', 'float32', ['N', 5])
    .gemm({ name: 'a', inputs: 5, outputs: 8 })
    .relu()
    .gemm({ name: 'b', inputs: 8, outputs: CLASSES, to: 'y' })
    .output('y', 'float32', ['N', CLASSES])
    .build();
  const names = ['a.weight', 'a.bias', 'b.weight', 'b.bias'];
  const [aw, ab, bw, bb] = names.map((name) => stored(model, name));
  const layers = [reference.dense(aw!, ab!), reference.relu(), reference.dense(bw!, bb!)];
  return { model, names, dims: [5], columns: [5, null, 8, null], layers };
}

function cnn(): ReturnType<typeof mlp> {
  const model = graph('cnn')
    .input('x', 'float32', ['N', 2, 7, 7])
    .conv({ name: 'c', channels: 3 })
    .relu()
    .conv({ name: 'd', channels: 4, stride: 2 })
    .relu()
    .globalAveragePool()
    .flatten()
    .gemm({ name: 'e', inputs: 4, outputs: CLASSES, to: 'y' })
    .output('y', 'float32', ['N', CLASSES])
    .build();
  const names = ['c.weight', 'c.bias', 'd.weight', 'd.bias', 'e.weight', 'e.bias'];
  const [cw, cb, dw, db, ew, eb] = names.map((name) => stored(model, name));
  const layers = [
    reference.convolution(cw!, cb!, { inputs: 2, size: 7, kernel: 3, stride: 1, pad: 1 }),
    reference.relu(),
    reference.convolution(dw!, db!, { inputs: 3, size: 7, kernel: 3, stride: 2, pad: 1 }),
    reference.relu(),
    reference.averagePool(4),
    reference.dense(ew!, eb!),
  ];
  return { model, names, dims: [2, 7, 7], columns: [18, null, 27, null, 4, null], layers };
}

/** A batch of random samples and labels. */
function batch(
  dims: readonly number[],
  random: () => number,
): { feeds: HostTensors; rows: Float64Array[]; labels: number[] } {
  const length = dims.reduce((all, size) => all * size, 1);
  const rows = Array.from({ length: BATCH }, () => Float64Array.from({ length }, () => Math.fround(random() * 2 - 1)));
  const labels = rows.map(() => Math.floor(random() * CLASSES));
  const feeds: HostTensors = {
    x: { dtype: 'float32', dims: [BATCH, ...dims], data: Float32Array.from(rows.flatMap((row) => [...row])) },
    labels: { dtype: 'int64', dims: [BATCH], data: BigInt64Array.from(labels, BigInt) },
  };
  return { feeds, rows, labels };
}

const losses = [crossEntropy({ logits: 'y', labels: 'labels' })];
const RATE = 0.02;

describe.each([
  ['a network of dense layers', mlp],
  ['a convolutional network', cnn],
])('%s, twenty steps', (_, make) => {
  it.each<[string, Optimizer, (columns: (number | null)[]) => reference.ReferenceOptimizer]>([
    ['Muon', { kind: 'muon' }, (columns) => reference.muon(RATE, columns)],
    ['Adam', { kind: 'adam' }, () => reference.adam(RATE)],
    ['Adam with decay', { kind: 'adam', weightDecay: 0.1 }, () => reference.adam(RATE, { decay: 0.1 })],
    ['AdamW', { kind: 'adamw', weightDecay: 0.1 }, () => reference.adam(RATE, { decay: 0.1, apart: true })],
    ['SGD', { kind: 'sgd' }, () => reference.sgd(RATE)],
    [
      'SGD with momentum',
      { kind: 'sgd', momentum: 0.9, weightDecay: 0.01 },
      () => reference.sgd(RATE, { momentum: 0.9, decay: 0.01 }),
    ],
    [
      'SGD by Nesterov',
      { kind: 'sgd', momentum: 0.9, nesterov: true },
      () => reference.sgd(RATE, { momentum: 0.9, nesterov: true }),
    ],
  ])('by %s give the loss and every parameter to 1e-4', async (__, optimizer, makeReference) => {
    const { model, layers, names, dims, columns } = make();
    const training = trainingGraph({ model, losses, optimizer });
    expect(training.parameters.map(({ name }) => name)).toEqual(names);
    const trainer = await Trainer.start(runner, training, cpu);
    const update = makeReference(columns);
    const parameters = layers.flatMap((layer) => layer.parameters);
    const random = seededRandom(7);
    for (let t = 1; t <= STEPS; t++) {
      const { feeds, rows, labels } = batch(dims, random);
      const expected = reference.lossAndGradients(layers, rows, labels);
      const { loss, gradientNorm } = await trainer.step(feeds, { learningRate: RATE });
      const length = Math.hypot(...expected.gradients.flatMap((gradient) => [...gradient]));
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4);
      expect(Math.abs(gradientNorm - length)).toBeLessThan(1e-4);
      update(parameters, expected.gradients, t);
    }
    const trained = await trainer.trained(model);
    await trainer.close();
    names.forEach((name, at) => {
      const difference = stored(trained, name).map((value, i) => Math.abs(value - parameters[at]![i]!));
      expect(Math.max(...difference), name).toBeLessThan(1e-4);
    });
  });
});

describe('a trainer', () => {
  const start = (request: Partial<Parameters<typeof trainingGraph>[0]> = {}): Promise<Trainer> =>
    Trainer.start(runner, trainingGraph({ model: mlp().model, losses, optimizer: { kind: 'adam' }, ...request }), cpu);

  it('shortens a gradient that is longer than asked for, and tells its length before', async () => {
    const { feeds, rows, labels } = batch([5], seededRandom(3));
    const { layers, model, names } = mlp();
    const trainer = await start({ optimizer: { kind: 'sgd' }, clipNorm: 0.1 });
    const { gradients } = reference.lossAndGradients(layers, rows, labels);
    const length = Math.hypot(...gradients.flatMap((gradient) => [...gradient]));
    expect(length).toBeGreaterThan(0.1);
    const { gradientNorm } = await trainer.step(feeds, { learningRate: 1 });
    expect(gradientNorm).toBeCloseTo(length, 5);
    const trained = await trainer.trained(model);
    const change = names.map((name) => {
      const before = stored(model, name);
      return Math.hypot(...stored(trained, name).map((value, at) => value - before[at]!));
    });
    expect(Math.hypot(...change)).toBeCloseTo(0.1, 4);
    await trainer.close();
  });

  it('takes another batch size with the same graph', async () => {
    const trainer = await start();
    const { feeds } = batch([5], seededRandom(3));
    await trainer.step(feeds, { learningRate: RATE });
    const one: HostTensors = {
      x: { dtype: 'float32', dims: [1, 5], data: (feeds['x']!.data as Float32Array).slice(0, 5) },
      labels: { dtype: 'int64', dims: [1], data: BigInt64Array.of(2n) },
    };
    expect((await trainer.step(one, { learningRate: RATE })).step).toBe(2);
    await trainer.close();
  });

  it('goes back to a state that was marked, and on from a checkpoint in another session', async () => {
    const random = seededRandom(5);
    const batches = Array.from({ length: 4 }, () => batch([5], random).feeds);
    const trainer = await start();
    await trainer.step(batches[0]!, { learningRate: RATE });
    await trainer.step(batches[1]!, { learningRate: RATE });
    const mark = trainer.mark()!;
    const checkpoint = await trainer.checkpoint();
    await trainer.step(batches[2]!, { learningRate: RATE });
    const third = await trainer.weights();
    await trainer.step(batches[3]!, { learningRate: RATE });
    await trainer.restore(mark);
    expect(trainer.steps).toBe(2);
    await trainer.step(batches[2]!, { learningRate: RATE });
    expect(await trainer.weights()).toEqual(third);
    await trainer.release(mark);

    const other = await start();
    await other.resume(checkpoint);
    expect((await other.step(batches[2]!, { learningRate: RATE })).step).toBe(3);
    expect(await other.weights()).toEqual(third);
    await trainer.close();
    await other.close();
  });

  it('keeps the weights when the loss is no finite number, and says so', async () => {
    const trainer = await start();
    const { feeds } = batch([5], seededRandom(3));
    await trainer.step(feeds, { learningRate: RATE });
    const before = await trainer.weights();
    const broken = { ...feeds, x: { ...feeds['x']!, data: (feeds['x']!.data as Float32Array).map(() => Number.NaN) } };
    await expect(trainer.step(broken, { learningRate: RATE })).rejects.toMatchObject({
      code: 'TRAIN_NOT_FINITE',
      message: 'Step 2 with learning rate 0.02: the loss is NaN; the weights are those of before the step',
    });
    expect(await trainer.weights()).toEqual(before);
    expect((await trainer.step(feeds, { learningRate: RATE })).step).toBe(2);
    await trainer.close();
  });
});
