import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeRawTensor } from '../../../../main/engine/graph/make.ts';
import type { Model, Tensor } from '../../../../main/engine/graph/ir.ts';
import { tensorBytes, tensorValues, withTensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { saveModel } from '../../../../main/engine/onnx/save.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const refusedAs = (code: string) => expect.objectContaining({ code });

const WIDTH = 160;
const weights = Float32Array.from({ length: WIDTH ** 2 }, (_, at) => Math.sin(at));
/** A matrix of 100 KiB, and a bias of 640 bytes. */
const model = graph()
  .input('x', 'float32', [1, WIDTH])
  .tensor(makeRawTensor('large', 'float32', [WIDTH, WIDTH], new Uint8Array(weights.buffer)))
  .unary('MatMul', { name: 'product' }, ['large'])
  .tensor(makeRawTensor('small', 'float32', [WIDTH], new Uint8Array(weights.buffer.slice(0, 4 * WIDTH))))
  .unary('Add', { name: 'sum' }, ['small'])
  .output()
  .build();

async function opened(
  path: string,
): Promise<{ readonly model: Model; readonly large: Tensor; readonly small: Tensor }> {
  writeFileSync(path, encodeModelBytes(model));
  const file = await openModel(path, { large: 0 });
  const named = (name: string): Tensor => file.model.graph.initializers.find((tensor) => tensor.name === name)!;
  return { model: file.model, large: named('large'), small: named('small') };
}

describe('weights of large files', () => {
  it('stay there, and are read when they are asked for; small ones are held', async () => {
    using folder = tempFolder();
    const { model: lean, large, small } = await opened(folder.file('m.onnx'));
    expect(large.storage).toMatchObject({ kind: 'raw', stayed: 4 * WIDTH ** 2 });
    expect(tensorBytes(large)).not.toBe(tensorBytes(large));
    expect(tensorValues(large)).toEqual(weights);
    expect(small.storage).not.toHaveProperty('stayed');
    expect(tensorValues(small)).toEqual(weights.slice(0, WIDTH));
    expect(validateModel(lean)).toEqual([]);
  });

  it('leave nothing out of what the model is, whether its bytes are made or it is saved', async () => {
    using folder = tempFolder();
    const path = folder.file('m.onnx');
    const { model: lean } = await opened(path);
    expect(Buffer.compare(encodeModelBytes(lean), readFileSync(path))).toBe(0);
    await saveModel(lean, folder.file('again.onnx'));
    expect(Buffer.compare(readFileSync(folder.file('again.onnx')), readFileSync(path))).toBe(0);
  });

  it('are refused once the file is another one', async () => {
    using folder = tempFolder();
    const path = folder.file('m.onnx');
    const longer = await opened(path);
    appendFileSync(path, new Uint8Array(1));
    expect(() => tensorBytes(longer.large)).toThrow(refusedAs('FILE_UNREADABLE'));
    const touched = await opened(path);
    utimesSync(path, 1, 1);
    expect(() => tensorBytes(touched.large)).toThrow(refusedAs('FILE_UNREADABLE'));
    rmSync(path);
    expect(() => tensorBytes(touched.large)).toThrow(refusedAs('FILE_UNREADABLE'));
    expect(tensorValues(touched.small)[1]).toBeCloseTo(Math.sin(1), 6);
  });

  it('are let go of when the work with them is done, which held ones are not', async () => {
    using folder = tempFolder();
    const { large } = await opened(folder.file('m.onnx'));
    const read = withTensorValues(large, (values) => ({ values, sum: values.length }));
    expect([read.sum, read.values.length]).toEqual([WIDTH ** 2, 0]);
    const held = model.graph.initializers.find(({ name }) => name === 'large')!;
    expect(withTensorValues(held, (values) => values)).toHaveLength(WIDTH ** 2);
  });
});
