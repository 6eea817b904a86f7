import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { reportRun } from '../../../../main/engine/runtime/run-report.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import type { HostTensor, HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';

let runners: RunnerPool;
beforeAll(() => {
  runners = new RunnerPool();
});
afterAll(() => runners.dispose());

const floats = (...dims: number[]): HostTensor => ({
  dtype: 'float32',
  dims,
  data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1),
});
const ints = (...values: number[]): HostTensor => ({
  dtype: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const run = (built: GraphBuilder, feeds: HostTensors) => {
  const model = built.build({ opset: 17, irVersion: 9 });
  return reportRun({ model, feeds, runners }, quietContext());
};

describe('reportRun', () => {
  it('tells the dimensions of every value', async () => {
    const built = graph()
      .input('x', 'float32', ['N', 6])
      .relu({ to: 'r' })
      .initializer('shape', 'int64', [3], BigInt64Array.of(0n, 2n, -1n))
      .node('Reshape', ['r', 'shape'], {}, ['y'], { name: 'split' })
      .output('y');
    const report = await run(built, { x: floats(4, 6) });
    expect(report.failure).toBeNull();
    expect(report.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [4, 6] }]);
    expect(report.values.map(({ name, shape, layer }) => [name, shape, layer])).toEqual([
      ['r', [4, 6], 'relu0'],
      ['y', [4, 2, 3], 'split'],
    ]);
  });

  it('names the layer that fails, what came to it, and why, in words', async () => {
    const built = graph()
      .input('x', 'float32', ['N', 6])
      .relu({ to: 'r' })
      .initializer('shape', 'int64', [2], BigInt64Array.of(3n, 4n))
      .node('Reshape', ['r', 'shape'], {}, ['y'], { name: 'reshape' })
      .relu({ to: 'z' })
      .output('z');
    const { failure, values } = await run(built, { x: floats(1, 6) });
    expect(values.map(({ name, shape }) => [name, shape])).toEqual([['r', [1, 6]]]);
    expect(failure).toMatchObject({ layer: 'reshape', op: 'Reshape' });
    expect(failure!.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['r', [1, 6]],
      ['shape', [2]],
    ]);
    expect(failure!.reason).toMatch(/6.*12|12.*6/u);
    expect(failure!.advice).toContain('batch of 1');
    expect(failure!.runtime).toContain('reshape');
  });

  it('tells which integer lies outside of a table', async () => {
    const built = graph()
      .input('i', 'int64', ['N'])
      .initializer('table', 'float32', [4, 2], new Float32Array(8))
      .node('Gather', ['table', 'i'], {}, ['y'], { name: 'embed' })
      .output('y');
    const { failure } = await run(built, { i: ints(1, 9) });
    expect(failure).toMatchObject({ layer: 'embed' });
    expect(failure!.inputs).toContainEqual({ name: 'i', dtype: 'int64', shape: [2], values: [1, 9] });
    expect(failure!.reason).toBe("'i' holds 9 at place 1, but there are only 4 entries to choose from (0 to 3)");
    expect(failure!.advice).toContain('from 0 to 3');
  });

  it('finds a layer that is refused when the model is loaded, among ones without names', async () => {
    const built = graph()
      .input('a', 'float32', [2, 3])
      .input('b', 'float32', [4, 2])
      .node('Relu', ['a'], {}, ['c'])
      .node('MatMul', ['c', 'b'], {}, ['d'])
      .node('Relu', ['d'], {}, ['e'])
      .output('e');
    const { failure, values } = await run(built, { a: floats(2, 3), b: floats(4, 2) });
    expect(values.map(({ name }) => name)).toEqual(['c']);
    expect(failure).toMatchObject({ op: 'MatMul' });
    expect(failure!.reason).toContain('[2, 3]');
    expect(failure!.reason).toContain('[4, 2]');
  });

  it('refuses feeds that are not the model’s', async () => {
    const built = graph().input('x', 'float32', ['N', 6]).relu({ to: 'r' }).output('r');
    await expect(run(built, { x: floats(6) })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('blames no layer for what the runtime holds against the whole model', async () => {
    const built = graph().input('x', 'float32', ['N', 6]).relu({ to: 'r' }).output('r');
    const model = built.build({ opset: 9999, irVersion: 9 });
    const run = { model, path: '/nowhere/model.onnx', feeds: { x: floats(1, 6) }, runners };
    await expect(reportRun(run, quietContext())).rejects.toMatchObject({ code: 'RUNTIME_LOAD_FAILED' });
  });

  it('runs a model of a newer IR version than the runtime takes', async () => {
    const built = graph().input('x', 'float32', ['N', 6]).relu({ to: 'r' }).output('r');
    const model = built.build({ opset: 17, irVersion: 14 });
    const run = { model, path: '/nowhere/model.onnx', feeds: { x: floats(1, 6) }, runners };
    expect(await reportRun(run, quietContext())).toMatchObject({ failure: null, layers: 1 });
  });
});
