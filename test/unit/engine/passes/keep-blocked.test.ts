/** Values that stay in the runtime's blocked layout between convolutions, against the plain model. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { blockConvolutions, channelBlock } from '../../../../main/engine/passes/block-convolutions.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const CHANNELS = 32;
const ramp = (...dims: number[]): HostTensor => {
  const length = dims.reduce((all, size) => all * size, 1);
  return { dtype: 'float32', dims, data: Float32Array.from({ length }, (_, at) => Math.sin(at * 1.7)) };
};
const feeds = {
  x: ramp(2, CHANNELS, 5, 4),
  v: ramp(CHANNELS, CHANNELS, 3, 3),
  w: ramp(CHANNELS, CHANNELS, 1, 1),
  c: ramp(CHANNELS, 1, 1),
};
const begun = (): ReturnType<typeof graph> =>
  graph()
    .input('x', 'float32', ['N', CHANNELS, 5, 4])
    .input('v', 'float32', feeds.v.dims)
    .input('w', 'float32', feeds.w.dims)
    .input('c', 'float32', feeds.c.dims)
    .node('Conv', ['x', 'v'], { pads: [1n, 1n, 1n, 1n] }, ['y']);

async function run(model: Model): Promise<HostTensors> {
  const session = await runner.load({ bytes: encodeModel(model) }, { provider: 'cpu', threads: 1 });
  const outputs = await session.run(feeds);
  await session.close();
  return outputs;
}

const data = (outputs: HostTensors, name: string): Float32Array => outputs[name]!.data as Float32Array;

/** The blocked model, checked for what it computes; undefined where the runtime has no blocked layout. */
async function checked(model: Model): Promise<Model | undefined> {
  const block = await channelBlock(runner);
  if (block === undefined) return undefined;
  const blocked = blockConvolutions(model, block);
  const [plain, fast] = [await run(model), await run(blocked)];
  for (const name of Object.keys(plain)) {
    expect(fast[name]!.dims).toEqual(plain[name]!.dims);
    data(plain, name).forEach((value, at) => expect(Math.abs(data(fast, name)[at]! - value)).toBeLessThan(1e-4));
  }
  return blocked;
}

/** What is reordered besides kernels, and how often what comes out. */
function reorderings({ graph: { nodes } }: Model): { readonly before: number; readonly after: number } {
  const pictures = new Set(nodes.filter(({ opType }) => opType === 'Reshape').flatMap(({ outputs }) => outputs));
  const before = nodes.filter(({ opType, inputs }) => opType === 'ReorderInput' && !pictures.has(inputs[0]!));
  return { before: before.length, after: nodes.filter(({ opType }) => opType === 'ReorderOutput').length };
}

it('reorders once before and once after a block with a shortcut', async () => {
  const model = begun()
    .node('Sigmoid', ['y'], {}, ['s'])
    .node('Conv', ['s', 'w'], {}, ['z'])
    .node('Add', ['z', 'y'], {}, ['sum'])
    .node('Relu', ['sum'], {}, ['out'])
    .output('out', 'float32')
    .build();
  const blocked = await checked(model);
  if (blocked !== undefined) expect(reorderings(blocked)).toEqual({ before: 1, after: 1 });
});

it('brings channels last from the blocks', async () => {
  const model = begun()
    .node('Transpose', ['y'], { perm: [0n, 2n, 3n, 1n] }, ['last'])
    .output('last', 'float32')
    .build();
  const blocked = await checked(model);
  if (blocked !== undefined) expect(reorderings(blocked)).toEqual({ before: 1, after: 0 });
});

it('computes in the plain layout what has an operand for each channel, and gives outputs of the model in it', async () => {
  const model = begun()
    .node('Mul', ['y', 'c'], {}, ['scaled'])
    .node('Tanh', ['y'], {}, ['squashed'])
    .output('scaled', 'float32')
    .output('squashed', 'float32')
    .output('y', 'float32')
    .build();
  const blocked = await checked(model);
  if (blocked !== undefined) expect(reorderings(blocked)).toEqual({ before: 1, after: 2 });
});
