import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { closeChannels } from '../../../../../main/engine/channels/closure.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { channelGroups } from '../../../../../main/engine/prune/structure/groups.ts';
import { pruneChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { taylorScores } from '../../../../../main/engine/prune/structure/taylor-scores.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { channelStep } from '../../../../support/recipes.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function scoresOf(model: Model, feeds: HostTensors) {
  const closure = closeChannels(model);
  const { groups } = channelGroups(closure);
  async function* batches(): AsyncGenerator<HostTensors> {
    yield feeds;
  }
  return await taylorScores(closure, groups, { runner, batches, samples: 2 }, quietContext());
}

/** h = (x, 2x, 3x), y = h · w. */
const products = (w: readonly number[]): Model =>
  graph()
    .input('x', 'float32', ['n', 1])
    .initializer('a', 'float32', [3, 1], [1, 2, 3])
    .node('Gemm', ['x', 'a'], { transB: 1n }, ['h'], { name: 'a' })
    .gemm({ from: 'h', inputs: 3, outputs: 1, name: 'b', bias: false, weight: w })
    .output()
    .build();

const column = (...values: number[]): HostTensors => ({
  x: { dtype: 'float32', dims: [values.length, 1], data: Float32Array.from(values) },
});

describe('the score of slopes', () => {
  it('is the squared share that each unit has in the output', async () => {
    // y = x·1·1 + 2x·2 + 3x·(−1): shares 1, 4 and −3 times x, whatever the direction
    const { scores } = await scoresOf(products([1, 2, -1]), column(2));
    const [one, two, three] = scores[0]!;
    expect(two! / one!).toBeCloseTo(16, 4);
    expect(three! / one!).toBeCloseTo(9, 4);
  });

  it('adds the squares of samples, so that what cancels over them does not', async () => {
    const { scores } = await scoresOf(products([1, 2, -1]), column(2, -2));
    expect(scores[0]!.every((score) => score > 0)).toBe(true);
  });

  it('takes all places of a channel together before it squares', async () => {
    // Channel 0 is +1 on one place and −1 on the other, and is averaged: taking it out changes nothing.
    const model = graph()
      .input('x', 'float32', ['n', 2, 2, 1])
      .initializer('k', 'float32', [2, 2, 1, 1], [1, 0, 0, 1])
      .node('Conv', ['x', 'k'], { kernel_shape: [1n, 1n] }, ['h'], { name: 'conv' })
      .node('GlobalAveragePool', ['h'], {}, ['p'])
      .node('Flatten', ['p'], {}, ['f'])
      .gemm({ from: 'f', inputs: 2, outputs: 1, name: 'head', bias: false, weight: [1, 1] })
      .output()
      .build();
    const x = { dtype: 'float32' as const, dims: [1, 2, 2, 1], data: Float32Array.of(1, -1, 1, 1) };
    const { scores } = await scoresOf(model, { x });
    expect(scores[0]![0]).toBeCloseTo(0, 6);
    expect(scores[0]![1]).toBeGreaterThan(0);
  });

  it('lets the unit go that the scores do not see, though its weights are the largest', async () => {
    // Unit 0 moves both classes alike: no class becomes likelier by it.
    const model = graph()
      .input('x', 'float32', ['n', 1])
      .initializer('a', 'float32', [2, 1], [5, 1])
      .node('Gemm', ['x', 'a'], { transB: 1n }, ['h'], { name: 'a' })
      .gemm({ from: 'h', inputs: 2, outputs: 2, name: 'b', bias: false, weight: [4, 1, 4, -1] })
      .output()
      .build();
    async function* calibration(): AsyncGenerator<HostTensors> {
      yield column(-2, 1, 0.5, 3);
    }
    const surroundings = { runner, calibration, sampleFeeds: () => Promise.resolve(undefined) };
    const step = channelStep({ score: 'taylor', target: { macs: 0.5 }, align: 1, minimum: 1 });
    const { lineage } = await pruneChannels(model, step, surroundings, quietContext());
    expect(lineage.kept.get('h')).toEqual([{ axis: 1, indices: Uint32Array.of(1) }]);
  });
});
