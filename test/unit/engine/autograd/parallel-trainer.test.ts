/** Training in two runners side by side, against training in one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutTraining } from '../../../../main/engine/autograd/cut-training.ts';
import { evaluationGraph } from '../../../../main/engine/autograd/evaluation-graph.ts';
import { crossEntropy } from '../../../../main/engine/autograd/loss.ts';
import { ParallelTrainer } from '../../../../main/engine/autograd/parallel-trainer.ts';
import { Trainer } from '../../../../main/engine/autograd/trainer.ts';
import { trainingGraph, type TrainingGraph } from '../../../../main/engine/autograd/training-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

let runners: [Runner, Runner];
beforeAll(async () => {
  runners = [await startRunner(), await startRunner()];
});
afterAll(() => runners.forEach((runner) => runner.kill()));

const cpu = { provider: 'cpu', threads: 1 } as const;
const learningRate = 0.02;
const losses = [crossEntropy({ logits: 'y', labels: 'labels' })];

const model = (): Model =>
  graph('cnn')
    .input('x', 'float32', ['N', 2, 7, 7])
    .conv({ name: 'c', channels: 3 })
    .relu()
    .globalAveragePool()
    .flatten()
    .gemm({ name: 'e', inputs: 3, outputs: 4, to: 'y' })
    .output('y', 'float32', ['N', 4])
    .build();
const training = (): TrainingGraph =>
  trainingGraph({ model: model(), losses, optimizer: { kind: 'adam' }, clipNorm: 0.5 });

/** Random images and labels. */
function batch(count: number, random: () => number): HostTensors {
  const data = Float32Array.from({ length: 98 * count }, () => random() * 2 - 1);
  const labels = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(4 * random())));
  return {
    x: { dtype: 'float32', dims: [count, 2, 7, 7], data },
    labels: { dtype: 'int64', dims: [count], data: labels },
  };
}

function rows({ x, labels }: HostTensors, from: number, to: number): { feeds: HostTensors; samples: number } {
  const samples = to - from;
  return {
    samples,
    feeds: {
      x: { ...x!, dims: [samples, 2, 7, 7], data: (x!.data as Float32Array).slice(98 * from, 98 * to) },
      labels: { ...labels!, dims: [samples], data: (labels!.data as BigInt64Array).slice(from, to) },
    },
  };
}

describe('training in two runners', () => {
  it('gives the losses, gradients and weights of training in one, with parts of different sizes', async () => {
    const random = seededRandom(5);
    const one = await Trainer.start(runners[0], training(), cpu);
    const two = await ParallelTrainer.start(runners, training(), cpu);
    for (let step = 1; step <= 12; step++) {
      const feeds = batch(6, random);
      const expected = await one.step(feeds, { learningRate });
      const got = await two.step([rows(feeds, 0, 4), rows(feeds, 4, 6)], { learningRate });
      expect(got.step).toBe(step);
      expect(got.loss).toBeCloseTo(expected.loss, 5);
      expect(got.losses['cross-entropy']).toBeCloseTo(expected.loss, 5);
      expect(got.gradientNorm).toBeCloseTo(expected.gradientNorm, 5);
    }
    const [ours, theirs] = [await two.weights(), await one.weights()];
    expect(Math.max(...ours.map((value, at) => Math.abs(value - theirs[at]!)))).toBeLessThan(1e-4);

    const judged = evaluationGraph({ model: model(), losses, outputs: [] }, two.training.parameters);
    const session = await runners[0].load({ bytes: encodeModel(judged) }, cpu);
    const feeds = batch(3, random);
    const wanted = { outputs: ['cross-entropy'] };
    const [a, b] = [await two.evaluate(session, feeds, wanted), await one.evaluate(session, feeds, wanted)];
    const number = (given: HostTensors): number => (given['cross-entropy']!.data as Float32Array)[0]!;
    expect(number(a)).toBeCloseTo(number(b), 5);
    await session.close();
    await one.close();
    await two.close();
  });

  it('goes on from a checkpoint, in one runner or in two, to the same weights', async () => {
    const random = seededRandom(6);
    const [first, second] = [batch(4, random), batch(4, random)];
    const parts = (feeds: HostTensors) => [rows(feeds, 0, 2), rows(feeds, 2, 4)]; // prettier-ignore
    const trainer = await ParallelTrainer.start(runners, training(), cpu);
    await trainer.step(parts(first), { learningRate });
    const checkpoint = await trainer.checkpoint();
    await trainer.step(parts(second), { learningRate });
    const after = await trainer.weights();
    await trainer.resume(checkpoint);
    expect(trainer.steps).toBe(1);
    await trainer.step(parts(second), { learningRate });
    expect(await trainer.weights()).toEqual(after);
    const alone = await Trainer.start(runners[1], training(), cpu);
    await alone.resume(checkpoint);
    await alone.step(second, { learningRate });
    const weights = await alone.weights();
    expect(Math.max(...weights.map((value, at) => Math.abs(value - after[at]!)))).toBeLessThan(1e-5);
    await alone.close();
    await trainer.close();
  });

  it('takes no step whose loss is no finite number in one of the parts', async () => {
    const feeds = batch(4, seededRandom(7));
    const trainer = await ParallelTrainer.start(runners, training(), cpu);
    const good = [rows(feeds, 0, 2), rows(feeds, 2, 4)];
    await trainer.step(good, { learningRate });
    const before = await trainer.weights();
    const { x } = good[1]!.feeds;
    const broken = { ...good[1]!, feeds: { ...good[1]!.feeds, x: { ...x!, data: new Float32Array(196).fill(NaN) } } };
    await expect(trainer.step([good[0]!, broken], { learningRate })).rejects.toMatchObject({
      code: 'TRAIN_NOT_FINITE',
    });
    expect(trainer.steps).toBe(1);
    expect(await trainer.weights()).toEqual(before);
    await trainer.close();
  });
});

it('a training graph is cut into one half that takes samples and one that takes none', () => {
  const { gradient, update, vector, losses: names } = cutTraining(training());
  const ports = (given: Model): string[][] => [
    given.graph.inputs.map(({ name }) => name).toSorted(),
    given.graph.outputs.map(({ name }) => name).toSorted(),
  ];
  expect(names).toEqual(['loss', 'cross-entropy']);
  expect(ports(gradient)).toEqual([['labels', 'training/weights', 'x'], ['cross-entropy', 'loss', vector].toSorted()]);
  const state = ['training/moment0', 'training/moment1', 'training/weights'];
  expect(ports(update)).toEqual([
    [...state, 'training/root_correction', 'training/step_size', vector].toSorted(),
    ['gradient_norm', ...state.map((name) => `${name}/next`)],
  ]);
});
