import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Model, Tensor } from '../../../../main/engine/graph/ir.ts';
import { makeRawTensor } from '../../../../main/engine/graph/make.ts';
import { tensorBytes, tensorPieces, tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { graph } from '../../../support/graph-builder.ts';
import { smallCnn } from '../../../support/sample-graphs.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const refusedAs = (code: string) => expect.objectContaining({ code });

/** Adds `w`, four float32 in an external file, to its input. */
function externalModel(location: string, place: { readonly offset?: number; readonly length?: number } = {}): Model {
  const { offset = 0, length } = place;
  const storage = { kind: 'external', directory: '', location, offset, length, extra: [] } as const;
  const tensor: Tensor = { ...makeRawTensor('w', 'float32', [4], new Uint8Array()), storage };
  return graph().input('x', 'float32', [4]).tensor(tensor).addTo('w', { name: 'add' }).output().build();
}

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const weightOf = (model: Model): Tensor => model.graph.initializers[0]!;

async function openWith(folder: { readonly file: (name: string) => string }, model: Model) {
  writeFileSync(folder.file('m.onnx'), encodeModelBytes(model));
  return openModel(folder.file('m.onnx'));
}

describe('openModel', () => {
  it('tells size, hash and absolute path of what it read', async () => {
    using folder = tempFolder();
    const bytes = encodeModelBytes(smallCnn());
    writeFileSync(folder.file('m.onnx'), bytes);
    const opened = await openModel(folder.file('m.onnx'));
    expect(opened).toMatchObject({
      path: folder.file('m.onnx'),
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      externalBytes: 0,
    });
    expect(opened.model).toEqual(smallCnn());
  });

  it('says when there is no file, a folder, or a pipe', async () => {
    using folder = tempFolder();
    await expect(openModel(folder.file('no.onnx'))).rejects.toThrow(refusedAs('FILE_NOT_FOUND'));
    await expect(openModel(folder.path)).rejects.toThrow(refusedAs('FILE_UNREADABLE'));
    execFileSync('mkfifo', [folder.file('pipe.onnx')]);
    await expect(openModel(folder.file('pipe.onnx'))).rejects.toThrow(refusedAs('FILE_UNREADABLE'));
  });

  it.each([
    ['', 'empty'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n', 'Git LFS pointer'],
    ['\xff\xd8\xff\xe0\0\x10JFIF', 'JPEG'],
    ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'PNG'],
    ['PK\x03\x04\x14\0\0\0', 'zip archive'],
    ['<!DOCTYPE html><html>', 'web page'],
    ['{"model": 1}', 'JSON'],
    ['\x1c\0\0\0TFL3\x14\0', 'TensorFlow Lite'],
    ['\x80\x02}q\0(X', 'pickle'],
    ['GGUF\x03\0\0\0', 'GGUF'],
    ['\x93NUMPY\x01\0', 'NumPy'],
    ['\0'.repeat(64), 'zeros'],
  ])('recognises %j as something else (%s)', async (content, what) => {
    using folder = tempFolder();
    writeFileSync(folder.file('m.onnx'), Buffer.from(content, 'latin1'));
    const error = await openModel(folder.file('m.onnx')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_ONNX', message: expect.stringContaining(what) as string });
  });

  it('tells the owner of a Git LFS pointer what to run', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('m.onnx'), 'version https://git-lfs.github.com/spec/v1\n');
    await expect(openModel(folder.file('m.onnx'))).rejects.toMatchObject({
      hint: expect.stringContaining('git lfs pull') as string,
    });
  });

  it('refuses files beyond the limit of protobuf without reading them', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('m.onnx'), encodeModelBytes(smallCnn()));
    truncateSync(folder.file('m.onnx'), 2 ** 31);
    await expect(openModel(folder.file('m.onnx'))).rejects.toThrow(/2 GiB/);
  });

  it('stops when told to', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('m.onnx'), encodeModelBytes(smallCnn()));
    const signal = AbortSignal.abort();
    await expect(openModel(folder.file('m.onnx'), { signal })).rejects.toThrow(refusedAs('CANCELLED'));
  });
});

describe('external data', () => {
  it('is read at its offset when asked for, whole or in pieces', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('w.bin'), floats(9, 1, 2, 3, 4, 9));
    const { model, externalBytes } = await openWith(folder, externalModel('w.bin', { offset: 4, length: 16 }));
    expect(externalBytes).toBe(24);
    expect([...tensorValues(weightOf(model))]).toEqual([1, 2, 3, 4]);
    const pieces = [...tensorPieces({ ...weightOf(model), dims: [4] }, 4)].map((piece) => [...piece]);
    expect(pieces).toEqual([[1, 2, 3, 4]]);
    expect(validateModel(model, { scanWeights: true })).toEqual([]);
  });

  it('may lie in a folder below', async () => {
    using folder = tempFolder();
    mkdirSync(folder.file('data'));
    writeFileSync(folder.file('data/w.bin'), floats(1, 2, 3, 4));
    const { model } = await openWith(folder, externalModel('data/w.bin'));
    expect([...tensorValues(weightOf(model))]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['is missing', undefined, {}],
    ['is too short', floats(1, 2), {}],
    ['ends before the offset and length do', floats(1, 2, 3, 4), { offset: 8 }],
  ])('that %s is a listed problem; the graph opens', async (_, content, place) => {
    using folder = tempFolder();
    if (content) writeFileSync(folder.file('w.bin'), content);
    const { model } = await openWith(folder, externalModel('w.bin', place));
    expect(validateModel(model)).toMatchObject([{ code: 'EXTERNAL_DATA_MISSING', severity: 'error', layer: 'add' }]);
    expect(() => tensorBytes(weightOf(model))).toThrow(refusedAs('EXTERNAL_DATA_MISSING'));
  });

  it('of another length than the dimensions need is a listed problem', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('w.bin'), floats(1, 2, 3, 4, 5, 6));
    const { model } = await openWith(folder, externalModel('w.bin', { length: 24 }));
    expect(validateModel(model)).toMatchObject([{ code: 'TENSOR_SIZE' }]);
    expect(() => tensorBytes(weightOf(model))).toThrow(refusedAs('ONNX_INVALID'));
  });

  it.each(['../w.bin', 'data/../../w.bin', '..\\w.bin', '/etc/passwd', 'C:\\w.bin', '\\\\host\\w.bin'])(
    'outside the folder is refused: %s',
    async (location) => {
      using folder = tempFolder();
      await expect(openWith(folder, externalModel(location))).rejects.toThrow(refusedAs('EXTERNAL_DATA_OUTSIDE'));
      const { storage } = weightOf(externalModel(location));
      const tensor = {
        ...weightOf(externalModel(location)),
        storage: { ...storage, directory: folder.path },
      } as Tensor;
      expect(() => tensorBytes(tensor)).toThrow(refusedAs('EXTERNAL_DATA_OUTSIDE'));
    },
  );

  it('behind a symbolic link that leaves the folder is refused, one that stays is followed', async () => {
    using folder = tempFolder();
    using elsewhere = tempFolder();
    writeFileSync(elsewhere.file('secret'), floats(1, 2, 3, 4));
    symlinkSync(elsewhere.file('secret'), folder.file('w.bin'));
    await expect(openWith(folder, externalModel('w.bin'))).rejects.toThrow(refusedAs('EXTERNAL_DATA_OUTSIDE'));
    symlinkSync(elsewhere.path, folder.file('sub'));
    await expect(openWith(folder, externalModel('sub/secret'))).rejects.toThrow(refusedAs('EXTERNAL_DATA_OUTSIDE'));
    writeFileSync(folder.file('real.bin'), floats(1, 2, 3, 4));
    symlinkSync(folder.file('real.bin'), folder.file('alias.bin'));
    await expect(openWith(folder, externalModel('alias.bin'))).resolves.toMatchObject({ externalBytes: 16 });
  });
});
