import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { pruneChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { channelStep } from '../../../../support/recipes.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

describe('the score of activations', () => {
  it('lets the unit go that hardly varies, though its weights are the largest', async () => {
    // Unit 0 is 10 + 0.1·x, unit 1 is x; both are taken with weights of 1. Var: 0.01·Var(x) against Var(x).
    const model = graph()
      .input('x', 'float32', ['n', 1])
      .initializer('bias', 'float32', [2], [10, 0])
      .initializer('w', 'float32', [2, 1], [0.1, 1])
      .node('Gemm', ['x', 'w', 'bias'], { transB: 1n }, ['h'], { name: 'a' })
      .gemm({ from: 'h', inputs: 2, outputs: 1, name: 'b', weight: [5, 1] })
      .output()
      .build();
    async function* samples(): AsyncGenerator<HostTensors> {
      yield { x: { dtype: 'float32', dims: [8, 1], data: Float32Array.of(-2, 1, 0, 3, -1, 2, 4, -3) } };
    }
    const surroundings = { runner, calibration: samples, sampleFeeds: () => Promise.resolve(undefined) };
    const step = channelStep({ score: 'activation', target: { macs: 0.5 }, align: 1, minimum: 1 });
    const { lineage } = await pruneChannels(model, step, surroundings, quietContext());
    expect(lineage.kept.get('h')).toEqual([{ axis: 1, indices: Uint32Array.of(1) }]);
    // By norm the other one stays: √(0.01 + 100 + 25) against √2.
    const byNorm = channelStep({ score: 'l2', target: { macs: 0.5 }, align: 1, minimum: 1 });
    const other = await pruneChannels(model, byNorm, surroundings, quietContext());
    expect(other.lineage.kept.get('h')).toEqual([{ axis: 1, indices: Uint32Array.of(0) }]);
  });
});
