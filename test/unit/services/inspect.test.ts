import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../main/base/progress.ts';
import type { Model } from '../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { inspect } from '../../../main/services/operations/inspect.ts';
import { runners } from '../../../main/services/operations/runners.ts';
import { graph } from '../../support/graph-builder.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-inspect-'));
});
afterAll(async () => {
  runners.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function inspected(name: string, model: Model, dims: Readonly<Record<string, number>> = {}) {
  const path = join(folder, name);
  await writeFile(path, encodeModelBytes(model));
  const { problems, assumedDims, macs } = await inspect({ path, dims, scanWeights: false }, quietContext());
  return { errors: problems.filter(({ severity }) => severity === 'error'), problems, assumedDims, macs };
}

const build = { opset: 17, irVersion: 8 };
const product = graph()
  .input('x', 'float32', ['M', 'width'])
  .weights('w', [48, 3])
  .node('MatMul', ['x', 'w'], {}, ['y'])
  .output('y', 'float32', ['M', 3])
  .build(build);

describe('inspect', () => {
  it('assumes sizes that the model takes, and counts costs with them', async () => {
    const { errors, assumedDims, macs } = await inspected('product.onnx', product);
    expect(errors).toEqual([]);
    expect(assumedDims).toEqual({ M: 1, width: 48 });
    expect(macs).toBe(48 * 3);
  });

  it('lists what is wrong with sizes that were given', async () => {
    const { problems } = await inspected('given.onnx', product, { width: 16 });
    expect(problems.map(({ code }) => code)).toEqual(['OPERANDS_INVALID']);
  });

  it('warns of what the runtime loads in spite of it', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Gelu', ['x'], {}, ['y'], { domain: 'com.microsoft' })
      .output('y', 'float32', [1])
      .build(build);
    const { errors, problems } = await inspected('contrib.onnx', model);
    expect(problems.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  it('keeps the error where the runtime refuses the model too', async () => {
    const model = graph()
      .input('x', 'float32', [1])
      .node('Add', ['x', 'nowhere'], {}, ['y'], { name: 'add' })
      .output('y', 'float32', [1])
      .build(build);
    expect((await inspected('dangling.onnx', model)).errors.length).toBeGreaterThan(0);
  });
});
