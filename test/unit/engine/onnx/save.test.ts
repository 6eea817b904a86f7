import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Model, Tensor } from '../../../../main/engine/graph/ir.ts';
import { makeRawTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { planExternalData } from '../../../../main/engine/onnx/external-plan.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { saveModel } from '../../../../main/engine/onnx/save.ts';
import { graph } from '../../../support/graph-builder.ts';
import { smallCnn } from '../../../support/sample-graphs.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const refusedAs = (code: string) => expect.objectContaining({ code });

/** Two external float32 tensors [2] in `directory`/w.bin. */
function externalModel(directory: string): Model {
  const tensor = (name: string, offset: number): Tensor => ({
    ...makeRawTensor(name, 'float32', [2], new Uint8Array()),
    storage: { kind: 'external', directory, location: 'w.bin', offset, length: 8, extra: [] },
  });
  return graph()
    .input('x', 'float32', [2])
    .tensor(tensor('a', 8))
    .tensor(tensor('b', 0))
    .addTo('a')
    .addTo('b')
    .output()
    .build();
}

const large = (name: string) => makeRawTensor(name, 'uint8', [1 << 20], new Uint8Array(1 << 20));

describe('saveModel', () => {
  it('writes what openModel reads back', async () => {
    using folder = tempFolder();
    const saved = await saveModel(smallCnn(), folder.file('out.onnx'));
    const opened = await openModel(saved.path);
    expect(opened.model).toEqual(smallCnn());
    expect(saved.bytes).toBe(opened.bytes);
    expect(readdirSync(folder.path)).toEqual(['out.onnx']);
  });

  it('replaces a file only when told to', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('out.onnx'), 'precious');
    await expect(saveModel(smallCnn(), folder.file('out.onnx'))).rejects.toThrow(refusedAs('WRITE_FAILED'));
    expect(readFileSync(folder.file('out.onnx'), 'utf8')).toBe('precious');
    await saveModel(smallCnn(), folder.file('out.onnx'), { overwrite: true });
    expect((await openModel(folder.file('out.onnx'))).model).toEqual(smallCnn());
  });

  it('never replaces the opened file, under whatever name', async () => {
    using folder = tempFolder();
    const source = folder.file('in.onnx');
    writeFileSync(source, encodeModelBytes(smallCnn()));
    linkSync(source, folder.file('alias.onnx'));
    for (const target of [source, folder.file('alias.onnx')]) {
      const attempt = saveModel(smallCnn(), target, { source, overwrite: true });
      await expect(attempt).rejects.toThrow(/never written to/);
    }
  });

  it('copies external data into one file beside the model', async () => {
    using folder = tempFolder();
    mkdirSync(folder.file('out'));
    writeFileSync(folder.file('w.bin'), new Uint8Array(Float32Array.of(3, 4, 1, 2).buffer));
    const saved = await saveModel(externalModel(folder.path), folder.file('out/m.onnx'));
    const { model, bytes, externalBytes } = await openModel(saved.path);
    expect(model.graph.initializers.map((tensor) => [...tensorValues(tensor)])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(saved.bytes).toBe(bytes + externalBytes);
    expect(readdirSync(folder.file('out')).sort()).toEqual(['m.onnx', 'm.onnx.data']);
  });

  it('does not replace the weights that it copies from', async () => {
    using folder = tempFolder();
    writeFileSync(folder.file('w.bin'), new Uint8Array(16));
    linkSync(folder.file('w.bin'), folder.file('m.onnx.data'));
    const { graph: main, ...rest } = externalModel(folder.path);
    const initializers = main.initializers.map((tensor) => ({
      ...tensor,
      storage: { ...tensor.storage, location: 'm.onnx.data' } as Tensor['storage'],
    }));
    const model = { ...rest, graph: { ...main, initializers } };
    for (const target of ['m.onnx', 'm.onnx.data']) {
      const attempt = saveModel(model, folder.file(target), { overwrite: true });
      await expect(attempt).rejects.toThrow(/would be replaced/);
    }
  });

  it('leaves nothing behind when external data is missing', async () => {
    using folder = tempFolder();
    await expect(saveModel(externalModel(folder.path), folder.file('m.onnx'))).rejects.toThrow(
      refusedAs('EXTERNAL_DATA_MISSING'),
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('says when the folder is not there, or is a file', async () => {
    using folder = tempFolder();
    await expect(saveModel(smallCnn(), folder.file('no/out.onnx'))).rejects.toThrow(refusedAs('WRITE_FAILED'));
    writeFileSync(folder.file('a file'), '');
    await expect(saveModel(smallCnn(), folder.file('a file/out.onnx'))).rejects.toThrow(refusedAs('WRITE_FAILED'));
  });

  it('leaves nothing behind when cancelled', async () => {
    using folder = tempFolder();
    const attempt = saveModel(smallCnn(), folder.file('out.onnx'), { signal: AbortSignal.abort() });
    await expect(attempt).rejects.toThrow(refusedAs('CANCELLED'));
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('planExternalData', () => {
  it('moves large raw tensors too when the model would pass 2 GiB, large ones on page boundaries', () => {
    const model = graph()
      .input('x', 'uint8', [1])
      .tensor(large('a'))
      .tensor(makeRawTensor('small', 'uint8', [3], new Uint8Array(3)))
      .tensor(large('b'))
      .build();
    expect(planExternalData(model, { alsoLarge: false }).entries).toEqual([]);
    const { entries } = planExternalData(model, { alsoLarge: true });
    expect(entries.map(({ tensor, offset, length }) => [tensor.name, offset, length])).toEqual([
      ['a', 0, 1 << 20],
      ['b', 1 << 20, 1 << 20],
    ]);
  });
});
