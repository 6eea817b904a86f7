import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meanSquaredError } from '../../../../main/engine/autograd/loss.ts';
import { estimateMemory } from '../../../../main/engine/autograd/memory.ts';
import { Trainer } from '../../../../main/engine/autograd/trainer.ts';
import { trainingGraph } from '../../../../main/engine/autograd/training-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const LAYERS = 16;
const WIDTH = 32;

/** A chain of dense layers with residual sums, each followed by a Relu. */
function deep(): Model {
  const chain = graph('deep', 5).input('x', 'float32', ['batch', WIDTH]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const before = chain.current;
    chain
      .gemm({ name: `layer${layer}`, inputs: WIDTH, outputs: WIDTH })
      .relu()
      .addTo(before);
  }
  return chain.node('Identity', [chain.current], {}, ['y']).output('y', 'float32', ['batch', WIDTH]).build();
}

const request = () =>
  ({ model: deep(), losses: [meanSquaredError({ value: 'y', target: 't' })], optimizer: { kind: 'adam' } }) as const;
const dims = { batch: 512 };

const ramp = (rows: number, scale: number): HostTensor => ({
  dtype: 'float32',
  dims: [rows, WIDTH],
  data: Float32Array.from({ length: rows * WIDTH }, (_, at) => Math.sin(at * scale) / 8),
});

describe('the estimate of memory', () => {
  it('counts what the backward pass keeps, and weights and moments twice', () => {
    const training = trainingGraph(request());
    const { keptBytes, stateBytes, peakBytes, unknown } = estimateMemory(training, dims);
    const row = dims.batch * WIDTH * 4;
    const weights = LAYERS * (WIDTH * WIDTH + WIDTH) * 4;
    expect(stateBytes).toBe(2 * 3 * weights);
    // of each layer its Relu and its sum, which is the next one's input; the last sum is kept by the loss as a difference
    expect(keptBytes / row).toBeGreaterThanOrEqual(2 * LAYERS - 1);
    expect(keptBytes / row).toBeLessThanOrEqual(2 * LAYERS + 2);
    expect(peakBytes).toBeGreaterThan(keptBytes + stateBytes / 2);
    expect(unknown).toBe(0);
  });

  it('grows with the batch', () => {
    const training = trainingGraph(request());
    const [one, two] = [512, 1024].map((batch) => estimateMemory(training, { batch }));
    expect(two!.keptBytes).toBe(2 * one!.keptBytes);
  });
});

describe('a memory budget', () => {
  it('lets parts of the forward pass be computed twice, with the same results', async () => {
    const whole = trainingGraph(request());
    const { peakBytes } = estimateMemory(whole, dims);
    const small = trainingGraph({ ...request(), memory: { bytes: peakBytes * 0.6, dims } });
    expect(small.segments).toBeGreaterThan(1);
    expect(estimateMemory(small, dims).peakBytes).toBeLessThanOrEqual(peakBytes * 0.6);
    const results: Float32Array[] = [];
    for (const training of [whole, small]) {
      const trainer = await Trainer.start(runner, training, { provider: 'cpu', threads: 1 });
      const feeds = { x: ramp(8, 1.3), t: ramp(8, 0.7) };
      for (let step = 0; step < 3; step++) await trainer.step(feeds, { learningRate: 0.01 });
      results.push(await trainer.weights());
      await trainer.close();
    }
    results[0]!.forEach((value, at) => expect(Math.abs(results[1]![at]! - value)).toBeLessThan(1e-6));
  });

  it('changes nothing where it suffices', () => {
    expect(trainingGraph({ ...request(), memory: { bytes: 1e9, dims } }).segments).toBe(1);
  });

  it('that nothing fits into is an error with what it takes at least', () => {
    expect(() => trainingGraph({ ...request(), memory: { bytes: 1000, dims } })).toThrow(
      /A step takes about \d+ MB even when most of the forward pass is computed twice; 1 MB are allowed/,
    );
  });
});
