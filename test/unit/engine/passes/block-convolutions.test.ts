import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { blockConvolutions, channelBlock } from '../../../../main/engine/passes/block-convolutions.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const ramp = (...dims: number[]): HostTensor => {
  const length = dims.reduce((all, size) => all * size, 1);
  return { dtype: 'float32', dims, data: Float32Array.from({ length }, (_, at) => Math.sin(at * 1.7)) };
};

it.each([
  ['with a Relu behind it', { weight: [32, 16, 3, 3], group: 1n, strides: [2n, 2n], relu: true }],
  ['that others use too', { weight: [16, 32, 1, 1], group: 1n, strides: [1n, 1n], relu: false }],
  ['of many channels and several places', { weight: [64, 64, 3, 3], group: 1n, strides: [1n, 1n], relu: true }],
  ['of each channel on its own', { weight: [32, 1, 3, 3], group: 32n, strides: [1n, 1n], relu: true }],
])('computes the same for a convolution %s', async (_, { weight, group, strides, relu }) => {
  const block = await channelBlock(runner);
  if (block === undefined) return; // the runtime has no blocked layout here, so nothing is rewritten
  expect([8, 16]).toContain(block);
  const inputs = weight[1]! * Number(group);
  const chain = graph()
    .input('x', 'float32', ['N', inputs, 7, 6])
    .input('w', 'float32', weight)
    .input('b', 'float32', [weight[0]!])
    .node('Conv', ['x', 'w', 'b'], { group, strides, pads: [1n, 0n, 1n, 1n] });
  const model = (relu ? chain.relu() : chain).output(chain.current, 'float32').build();
  const blocked = blockConvolutions(model, block);
  expect(blocked.graph.nodes.some(({ domain }) => domain === 'com.microsoft.nchwc')).toBe(true);
  const feeds = { x: ramp(2, inputs, 7, 6), w: ramp(...weight), b: ramp(weight[0]!) };
  const run = async (given: typeof model): Promise<Float32Array> => {
    const session = await runner.load({ bytes: encodeModel(given) }, { provider: 'cpu', threads: 1 });
    const outputs = await session.run(feeds);
    await session.close();
    return Object.values(outputs)[0]!.data as Float32Array;
  };
  const [plain, fast] = [await run(model), await run(blocked)];
  expect(fast.length).toBe(plain.length);
  plain.forEach((value, at) => expect(Math.abs(fast[at]! - value)).toBeLessThan(1e-4));
});

it('leaves convolutions with constant weights, and channels that make no whole block', () => {
  const model = graph().input('x', 'float32', ['N', 16, 8, 8]).conv({ channels: 16 }).output().build();
  expect(blockConvolutions(model, 8)).toBe(model);
  const odd = graph()
    .input('x', 'float32', ['N', 12, 8, 8])
    .input('w', 'float32', [12, 12, 3, 3])
    .node('Conv', ['x', 'w'], {})
    .output()
    .build();
  expect(blockConvolutions(odd, 8)).toBe(odd);
});

it('leaves kernels as large as their picture, whose reordering would cost more than it brings', () => {
  const wide = graph()
    .input('x', 'float32', [1, 16, 8, 16])
    .input('w', 'float32', [16, 16, 8, 8])
    .node('Conv', ['x', 'w'], { dilations: [1n, 2n], pads: [1n, 2n, 1n, 2n] })
    .output()
    .build();
  expect(blockConvolutions(wide, 8)).toBe(wide);
});
