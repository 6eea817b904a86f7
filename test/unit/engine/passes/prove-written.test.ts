import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { saveModel } from '../../../../main/engine/onnx/save.ts';
import { proveWritten } from '../../../../main/engine/passes/prove-written.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** y = x · factor */
const times = (factor: number, output = 'y'): Model =>
  graph()
    .input('x', 'float32', ['N', 2])
    .initializer('factor', 'float32', [], [factor])
    .node('Mul', ['x', 'factor'], {}, [output], { name: 'scale' })
    .output(output, 'float32', ['N', 2])
    .build();

/** Two nodes of one name, which the runtime refuses. */
const unloadable = (): Model =>
  graph().input('x', 'float32', ['N', 2]).relu({ name: 'same' }).relu({ name: 'same', to: 'y' }).output('y').build();

describe('proveWritten', () => {
  const save = (written: Model, promised: Model, path: string, source?: Model): Promise<unknown> =>
    saveModel(written, path, {
      overwrite: true,
      prove: (file) => proveWritten(file, { model: promised, source }, runner, quietContext()),
    });

  it('lets a file through that computes what was promised', async () => {
    using folder = tempFolder();
    await save(times(2), times(2), folder.file('m.onnx'), times(3));
    expect(readdirSync(folder.path)).toEqual(['m.onnx']);
  });

  it.each([
    ['that the runtime does not load', unloadable(), unloadable(), undefined, 'RUNTIME_LOAD_FAILED', /same node name/],
    ['that computes something else', times(2), times(2.001), undefined, 'RUNTIME_RUN_FAILED', /'y' differs: 66\.0 dB/],
    ['without an output of the source', times(2), times(2), times(2, 'z'), 'RUNTIME_RUN_FAILED', /no output 'z'/],
    [
      'that gives infinities',
      times(Infinity),
      times(Infinity),
      times(2),
      'RUNTIME_RUN_FAILED',
      /2 elements that are NaN/,
    ],
  ] as const)('leaves no file %s, and the old one as it was', async (_, written, promised, source, code, message) => {
    using folder = tempFolder();
    writeFileSync(folder.file('m.onnx'), 'precious');
    const attempt = save(written, promised, folder.file('m.onnx'), source);
    await expect(attempt).rejects.toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
    expect(readdirSync(folder.path)).toEqual(['m.onnx']);
    expect(readFileSync(folder.file('m.onnx'), 'utf8')).toBe('precious');
  });

  it('takes a file that loads where the source itself does not run on made inputs', async () => {
    // Row 9 of a table of 3: made inputs cannot know.
    const lookUp = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('table', 'float32', [3, 2], [1, 2, 3, 4, 5, 6])
      .initializer('nine', 'float32', [], [9])
      .node('ReduceMax', ['x'], { keepdims: 0n }, ['largest'])
      .node('Add', ['largest', 'nine'], {}, ['row'])
      .node('Cast', ['row'], { to: 7n }, ['index'])
      .node('Gather', ['table', 'index'], {}, ['y'])
      .output('y')
      .build({ opset: 13 });
    using folder = tempFolder();
    await save(lookUp, lookUp, folder.file('m.onnx'), lookUp);
    expect(readdirSync(folder.path)).toEqual(['m.onnx']);
  });
});
