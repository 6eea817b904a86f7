import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cosineDistance,
  crossEntropy,
  klDivergence,
  meanSquaredError,
  type Loss,
} from '../../../../main/engine/autograd/loss.ts';
import { Trainer } from '../../../../main/engine/autograd/trainer.ts';
import { trainingGraph } from '../../../../main/engine/autograd/training-graph.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { parameterSlopes } from '../../../support/model-gradient.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** y = x·v + w, v the identity, w = 0. */
const shifted = (width: number) =>
  graph()
    .input('x', 'float32', ['N', width])
    .initializer('v', 'float32', [width, width], identity(width))
    .initializer('w', 'float32', [width], new Float32Array(width))
    .node('Gemm', ['x', 'v', 'w'], {}, ['y'])
    .output('y', 'float32', ['N', width])
    .build();

const identity = (width: number): Float32Array =>
  Float32Array.from({ length: width * width }, (_, at) => (at % (width + 1) === 0 ? 1 : 0));

const rows = (...values: number[][]): HostTensor => ({
  dtype: 'float32',
  dims: [values.length, values[0]!.length],
  data: Float32Array.from(values.flat()),
});
const labels = (...values: number[]): HostTensor => ({
  dtype: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/** The loss's value, and whether its gradient is the slope that it shows. */
async function valueOf(loss: Loss, feeds: HostTensors): Promise<number> {
  const model = shifted(feeds['x']!.dims[1]!);
  const { slopes } = await parameterSlopes(runner, model, { losses: [loss], feeds });
  for (const { error } of slopes) expect(error).toBeLessThan(0.01);
  const trainer = await Trainer.start(runner, trainingGraph({ model, losses: [loss], optimizer: { kind: 'sgd' } }), {
    provider: 'cpu',
    threads: 1,
  });
  const { losses } = await trainer.step(feeds, { learningRate: 0 });
  await trainer.close();
  return losses[loss.name]!;
}

const LN3 = Math.log(3);

describe('losses', () => {
  it('cross-entropy is −ln of the probability of the label, mean over samples', async () => {
    const loss = crossEntropy({ logits: 'y', labels: 'labels' });
    // ¾ for the first, ½ for the second
    const value = await valueOf(loss, { x: rows([0, LN3], [1, 1]), labels: labels(1, 0) });
    expect(value).toBeCloseTo((Math.log(4 / 3) + Math.log(2)) / 2, 5);
  });

  it('smoothed, a share of the label is spread over all classes', async () => {
    const loss = crossEntropy({ logits: 'y', labels: 'labels', smoothing: 0.2 });
    const value = await valueOf(loss, { x: rows([0, LN3]), labels: labels(1) });
    expect(value).toBeCloseTo(-(0.1 * Math.log(0.25) + 0.9 * Math.log(0.75)), 5);
  });

  it('the divergence from a teacher is Σ p ln(p/q), at a temperature times its square', async () => {
    const feeds = { x: rows([0, 0.5]), teacher: rows([0, LN3]) };
    const q = Math.exp(0.5) / (1 + Math.exp(0.5));
    const plain = await valueOf(klDivergence({ logits: 'y', target: 'teacher' }), feeds);
    expect(plain).toBeCloseTo(0.25 * Math.log(0.25 / (1 - q)) + 0.75 * Math.log(0.75 / q), 5);
    const p2 = Math.sqrt(3) / (1 + Math.sqrt(3));
    const q2 = Math.exp(0.25) / (1 + Math.exp(0.25));
    const warm = await valueOf(klDivergence({ logits: 'y', target: 'teacher', temperature: 2 }), feeds);
    expect(warm).toBeCloseTo(4 * ((1 - p2) * Math.log((1 - p2) / (1 - q2)) + p2 * Math.log(p2 / q2)), 5);
  });

  it('the squared error is a mean over all elements', async () => {
    const value = await valueOf(meanSquaredError({ value: 'y', target: 't' }), { x: rows([1, 3]), t: rows([0, 1]) });
    expect(value).toBeCloseTo(2.5, 6);
  });

  it('the cosine distance is 1 − cos', async () => {
    const value = await valueOf(cosineDistance({ value: 'y', target: 't' }), { x: rows([3, 4]), t: rows([4, 3]) });
    expect(value).toBeCloseTo(0.04, 6);
  });

  it('several are added up by their weights', async () => {
    const losses = [
      meanSquaredError({ value: 'y', target: 't', weight: 2 }),
      crossEntropy({ logits: 'y', labels: 'labels', weight: 0.5 }),
    ];
    const training = trainingGraph({ model: shifted(2), losses, optimizer: { kind: 'sgd' } });
    const trainer = await Trainer.start(runner, training, { provider: 'cpu', threads: 1 });
    const feeds = { x: rows([1, 3]), t: rows([0, 1]), labels: labels(0) };
    const result = await trainer.step(feeds, { learningRate: 0 });
    await trainer.close();
    expect(result.loss).toBeCloseTo(2 * result.losses['mse']! + 0.5 * result.losses['cross-entropy']!, 5);
  });

  it('compare values that the model has', () => {
    const losses = [meanSquaredError({ value: 'nowhere', target: 't' })];
    expect(() => trainingGraph({ model: shifted(2), losses, optimizer: { kind: 'sgd' } })).toThrow(
      "A loss compares 'nowhere', which is no value of the model",
    );
  });
});
