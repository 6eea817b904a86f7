import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { foldBatchNormalization } from '../../../../main/engine/passes/fold-batchnorm.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';
import { largestDifference, outputsOf, randomFeed } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Appends a BatchNormalization with uneven statistics. */
function batchNorm(builder: GraphBuilder, channels: number): GraphBuilder {
  const from = builder.current;
  const variance = Float32Array.from({ length: channels }, (_, channel) => 0.25 + channel);
  return builder
    .weights('gamma', [channels])
    .weights('beta', [channels])
    .weights('mean', [channels])
    .initializer('variance', 'float32', [channels], variance)
    .node('BatchNormalization', [from, 'gamma', 'beta', 'mean', 'variance'], { epsilon: 1e-3 }, ['y'], { name: 'bn' })
    .output('y');
}

/** The folded model has no BatchNormalization and gives the same to 1e-5 (values are of order 1). */
async function expectFolded(model: Model, dims: readonly number[], into: string): Promise<void> {
  const folded = foldBatchNormalization(model);
  expect([...folded.sources]).toEqual([[into, [into, 'bn']]]);
  expect(folded.model.graph.nodes.map(({ opType }) => opType)).not.toContain('BatchNormalization');
  const feeds = randomFeed(dims);
  const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, folded.model, feeds)];
  expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(1e-5);
}

describe('foldBatchNormalization', () => {
  it('keeps the result behind a Conv, with and without bias', async () => {
    for (const bias of [true, false]) {
      const builder = graph().input('x', 'float32', [1, 3, 5, 5]).conv({ name: 'c', channels: 4, bias });
      await expectFolded(batchNorm(builder, 4).build(), [1, 3, 5, 5], 'c');
    }
  });

  it('keeps the result behind a grouped Conv', async () => {
    const builder = graph().input('x', 'float32', [1, 4, 5, 5]).conv({ name: 'c', channels: 6, group: 2 });
    await expectFolded(batchNorm(builder, 6).build(), [1, 4, 5, 5], 'c');
  });

  it('keeps the result behind a grouped ConvTranspose, whose output channels lie on axis 1 of each group', async () => {
    const builder = graph()
      .input('x', 'float32', [1, 4, 3, 3])
      .weights('w', [4, 3, 2, 2])
      .node('ConvTranspose', ['x', 'w'], { group: 2n, strides: [2n, 2n] }, ['up'], { name: 'up' });
    await expectFolded(batchNorm(builder, 6).build(), [1, 4, 3, 3], 'up');
  });

  it('keeps the result behind a Gemm', async () => {
    const builder = graph().input('x', 'float32', [2, 5]).gemm({ name: 'fc', inputs: 5, outputs: 3 });
    await expectFolded(batchNorm(builder, 3).build(), [2, 5], 'fc');
  });

  it('leaves a BatchNormalization alone whose input others use too', () => {
    const builder = graph()
      .input('x', 'float32', [1, 3, 5, 5])
      .conv({ channels: 4, to: 'c' })
      .relu({ to: 'r' })
      .output('r')
      .from('c');
    const model = batchNorm(builder, 4).build();
    expect(foldBatchNormalization(model).model).toBe(model);
  });

  it('does not touch the model that it was given', () => {
    const model = batchNorm(graph().input('x', 'float32', [1, 3, 5, 5]).conv({ channels: 4 }), 4).build();
    const before = structuredClone(model);
    foldBatchNormalization(model);
    expect(model).toEqual(before);
  });
});
