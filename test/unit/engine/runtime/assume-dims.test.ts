import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { assumeDims } from '../../../../main/engine/runtime/assume-dims.ts';
import { makeModelInputs } from '../../../../main/engine/runtime/make-inputs.ts';
import { runOnMadeInputs } from '../../../../main/engine/runtime/run-made.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';

const asked = { batch: 1, dims: {} };
const build = { opset: 17, irVersion: 9 };

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Dims of the first output of a run with assumed sizes, and the sizes. */
async function run(model: Model) {
  const session = await runner.load({ bytes: encodeModel(model) }, { provider: 'cpu', threads: 1 });
  try {
    const { inputs, outputs } = await runOnMadeInputs(session, model, asked);
    return { dims: inputs.dims, shape: Object.values(outputs)[0]!.dims };
  } finally {
    await session.close();
  }
}

/** One attention over a cache: keys are [past ; new], whose positions come from a table of `positions` rows. */
function cachedAttention(positions: number): Model {
  return graph()
    .input('ids', 'int64', ['batch', 'seq'])
    .input('past_key', 'float32', ['batch', 2, 'past', 4])
    .weights('embedding', [5, 8])
    .weights('table', [positions, 8])
    .initializer('one', 'int64', [], [1n])
    .initializer('zero', 'int64', [], [0n])
    .initializer('two', 'int64', [], [2n])
    .initializer('heads', 'int64', [4], [0n, 0n, 2n, 4n])
    .node('Shape', ['ids'], {}, ['ids_shape'])
    .node('Gather', ['ids_shape', 'one'], {}, ['seq_size'])
    .node('Shape', ['past_key'], {}, ['past_shape'])
    .node('Gather', ['past_shape', 'two'], {}, ['past_size'])
    .node('Add', ['past_size', 'seq_size'], {}, ['total'])
    .node('Range', ['past_size', 'total', 'one'], {}, ['places'])
    .node('Gather', ['table', 'places'], {}, ['position'])
    .node('Gather', ['embedding', 'ids'], {}, ['token'])
    .node('Add', ['token', 'position'], {}, ['x'])
    .node('Reshape', ['x', 'heads'], {}, ['split'])
    .node('Transpose', ['split'], { perm: [0n, 2n, 1n, 3n] }, ['new_key'])
    .node('Concat', ['past_key', 'new_key'], { axis: 2n }, ['key'])
    .output('key', 'float32', ['batch', 2, 'total', 4])
    .build(build);
}

describe('assumeDims', () => {
  it('keeps cache and sequence within the table of positions, whose ids stay within the vocabulary', async () => {
    const model = cachedAttention(12);
    const { dims, shape } = await run(model);
    expect(dims['past']! + dims['seq']!).toBeLessThanOrEqual(12);
    expect(shape).toEqual([1, 2, dims['past']! + dims['seq']!, 4]);
    const { feeds } = makeModelInputs(model, asked);
    expect((feeds['ids']!.data as BigInt64Array).every((id) => id >= 0n && id < 5n)).toBe(true);
  });

  it('does not take a cache for an image', () => {
    expect(assumeDims(cachedAttention(2048), asked).dims).toMatchObject({ seq: 16, past: 16 });
  });

  it('takes the size that the weights of a matrix product state', async () => {
    const model = graph()
      .input('x', 'float32', ['batch', 'N'])
      .weights('w', [2304, 3])
      .node('MatMul', ['x', 'w'], {}, ['y'])
      .output('y', 'float32', ['batch', 3])
      .build(build);
    expect(assumeDims(model, asked).dims).toEqual({ batch: 1, N: 2304 });
    expect((await run(model)).shape).toEqual([1, 3]);
  });

  it('takes sizes that divide into constant heads', async () => {
    const model = graph()
      .input('x', 'float32', ['batch', 'seq', 'width'])
      .initializer('shape', 'int64', [4], [0n, 0n, 6n, 4n])
      .node('Reshape', ['x', 'shape'], {}, ['y'])
      .output('y', 'float32', ['batch', 'seq', 6, 4])
      .build(build);
    const { shape } = await run(model);
    expect(shape.slice(2)).toEqual([6, 4]);
  });

  it('makes a mask as long as cache and sequence together, whatever its dimension is called', async () => {
    const model = graph()
      .input('past', 'float32', ['batch', 'p', 4])
      .input('x', 'float32', ['batch', 's', 4])
      .input('attention_mask', 'float32', ['batch', 'm', 4])
      .node('Concat', ['past', 'x'], { axis: 1n }, ['all'])
      .node('Mul', ['all', 'attention_mask'], {}, ['y'])
      .output('y', 'float32', ['batch', 'm', 4])
      .build(build);
    const { dims, shape } = await run(model);
    expect(dims['m']).toBe(dims['p']! + dims['s']!);
    expect(shape).toEqual([1, dims['m'], 4]);
  });

  it('leaves given sizes alone', () => {
    expect(assumeDims(cachedAttention(12), { batch: 2, dims: { seq: 3 } }).dims).toMatchObject({ batch: 2, seq: 3 });
  });
});

describe('makeModelInputs', () => {
  it('gives a recurrent layer lengths within its sequence', async () => {
    const model = graph()
      .input('x', 'float32', ['seq', 'batch', 64])
      .input('sequence_lens', 'int32', ['batch'])
      .weights('w', [1, 32, 64])
      .weights('r', [1, 32, 8])
      .node('LSTM', ['x', 'w', 'r', '', 'sequence_lens'], { hidden_size: 8n }, ['y'])
      .output('y', 'float32', ['seq', 1, 'batch', 8])
      .build(build);
    const { shape, dims } = await run(model);
    expect(shape).toEqual([dims['seq'], 1, 1, 8]);
    expect([...(makeModelInputs(model, asked).feeds['sequence_lens']!.data as Int32Array)]).toEqual([dims['seq']]);
  });
});

describe('runOnMadeInputs', () => {
  it('asks the runtime where inference sees no contradiction', async () => {
    // The size hides behind a NonZero: only a run tells that 16 columns do not fit 5 rows.
    const model = graph()
      .input('x', 'float32', ['N'])
      .initializer('mask', 'float32', [7], [1, 0, 1, 1, 0, 1, 1])
      .node('NonZero', ['mask'], {}, ['places'])
      .initializer('flat', 'int64', [1], [-1n])
      .node('Reshape', ['places', 'flat'], {}, ['five'])
      .node('Cast', ['five'], { to: 1n }, ['numbers'])
      .node('Add', ['x', 'numbers'], {}, ['y'])
      .output('y', 'float32', ['M'])
      .build(build);
    expect((await run(model)).shape).toEqual([5]);
  });

  it('says what the runtime said where no size runs', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 'k'])
      .initializer('shape', 'int64', [2], [0n, 7n])
      .initializer('again', 'int64', [2], [3n, 5n])
      .node('Reshape', ['x', 'shape'], {}, ['a'])
      .node('Reshape', ['a', 'again'], {}, ['y'])
      .output('y', 'float32', [3, 5])
      .build(build);
    await expect(run(model)).rejects.toMatchObject({ code: expect.stringMatching(/^RUNTIME_/) as string });
  });
});
