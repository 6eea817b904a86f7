import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../main/engine/graph/make.ts';
import { validateModel } from '../../../main/engine/graph/validate.ts';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { openRunnable } from '../../../main/services/operations/opened-models.ts';
import { runners } from '../../../main/services/operations/runners.ts';
import { graph } from '../../support/graph-builder.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-runnable-'));
});
afterAll(async () => {
  runners.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function open(name: string, model: Model) {
  const path = join(folder, name);
  await writeFile(path, encodeModelBytes(model));
  return openRunnable(path, new AbortController().signal);
}

const build = { opset: 17, irVersion: 8 };
const constant = (value: number) => ({ value: makeTensor('c', 'float32', [1], Float32Array.of(value)) });
const errorsOf = (model: Model): readonly string[] =>
  validateModel(model).flatMap(({ severity, code }) => (severity === 'error' ? [code] : []));

describe('openRunnable', () => {
  it('takes what the runtime takes: one value made by two Constant nodes', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Constant', [], constant(1), ['c'], { name: 'first' })
      .node('Constant', [], constant(1), ['c'], { name: 'second' })
      .node('Add', ['x', 'c'], {}, ['y'])
      .output('y', 'float32', [1])
      .build(build);
    expect(errorsOf(model)).not.toEqual([]);
    expect((await open('twice.onnx', model)).model.graph.nodes).toHaveLength(3);
  });

  it('takes what the runtime takes: operators of a domain that the model does not import', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Gelu', ['x'], {}, ['y'], { domain: 'com.microsoft' })
      .output('y', 'float32', [1])
      .build(build);
    expect(errorsOf(model)).not.toEqual([]);
    await expect(open('contrib.onnx', model)).resolves.toBeDefined();
  });

  it('explains what the runtime refuses: a custom operator', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Polish', ['x'], {}, ['y'], { domain: 'stones', name: 'polish' })
      .output('y', 'float32', [1])
      .build(build);
    await expect(open('custom.onnx', model)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "Layer 'polish' is a custom operator, Polish of stones, which ONNX Runtime does not have",
      cause: { code: 'RUNTIME_LOAD_FAILED' },
    });
  });

  it('explains what the runtime refuses: a value that nothing makes', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Add', ['x', 'nowhere'], {}, ['y'], { name: 'add' })
      .output('y', 'float32', [1])
      .build(build);
    const [code] = errorsOf(model);
    expect(code).toBeDefined();
    await expect(open('dangling.onnx', model)).rejects.toMatchObject({
      message: expect.stringContaining("'nowhere'") as string,
      cause: { code: 'RUNTIME_LOAD_FAILED' },
    });
  });
});
