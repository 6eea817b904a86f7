/**
 * Every real model, opened and written again untouched: equal to what was read, and the same outputs from ONNX Runtime, bit by
 * bit. The real ones beside the repository are tried where they are; the bundled samples always.
 */
import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '../../main/base/errors.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { tensorBytes } from '../../main/engine/graph/tensor-data.ts';
import { mapTensors } from '../../main/engine/graph/tensors.ts';
import { validateModel } from '../../main/engine/graph/validate.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { saveModel } from '../../main/engine/onnx/save.ts';
import { makeInputs } from '../../main/engine/runtime/make-inputs.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const assets = join(root, '../shared/assets/models');
const samples = globSync(join(root, 'resources/samples/*.onnx'));
const real = existsSync(assets) ? globSync(join(assets, '*/*.onnx')) : [];
const files = [...samples, ...real]
  .sort()
  .map((path) => ({ path, name: `${basename(dirname(path))}/${basename(path)}` }));

/** Broken on purpose, and what they are refused with, or the problem that is listed. */
const REFUSED: Readonly<Record<string, string>> = {
  'broken-empty': 'NOT_ONNX',
  'broken-truncated': 'ONNX_TRUNCATED',
  'broken-corrupt': 'ONNX_INVALID',
};
const PROBLEMS: Readonly<Record<string, string>> = {
  'broken-external-missing': 'EXTERNAL_DATA_MISSING',
  'edge-custom-op-negpos': 'OPSET_MISSING',
};
/** Sizes for symbols that cannot be chosen without knowing the model. */
const DIMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'llama-dreams-260k': { batch: 1, seq: 5 },
  'llama-dreams-260k-int4': { batch: 1, seq: 5 },
  'silero-vad': { 'input[0]': 1, 'input[1]': 576, 'state[1]': 1 },
};

const kindOf = (name: string): string => name.split('/')[0]!;

/** External storage lies elsewhere after saving: compared by its bytes. */
function withBytes(model: Model): Model {
  return mapTensors(model, (tensor) =>
    tensor.storage.kind === 'external' ? { ...tensor, storage: { kind: 'raw', bytes: tensorBytes(tensor) } } : tensor,
  );
}

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function outputsOf(path: string, name: string): Promise<HostTensors> {
  const session = await runner.load({ path }, { provider: 'cpu', threads: 1 });
  const { feeds } = makeInputs(session.inputs, { batch: 1, dims: DIMS[name] ?? {} });
  const outputs = await session.run(feeds);
  await session.close();
  return outputs;
}

describe('models written again untouched', () => {
  const whole = files.filter(({ name }) => !(kindOf(name) in REFUSED) && !(kindOf(name) in PROBLEMS));

  it.each(whole)('$name comes back equal and computes the same', async ({ path, name }) => {
    using folder = tempFolder();
    const opened = await openModel(path);
    expect(validateModel(opened.model, { scanWeights: true })).toEqual([]);
    const saved = await saveModel(opened.model, folder.file('again.onnx'), { source: path });
    const again = await openModel(saved.path);
    expect(withBytes(again.model)).toEqual(withBytes(opened.model));
    expect(await outputsOf(saved.path, kindOf(name))).toEqual(await outputsOf(path, kindOf(name)));
  });
});

describe.skipIf(real.length === 0)('broken real models (in ../shared/assets; skipped where it is absent)', () => {
  it.each(Object.entries(REFUSED))('%s is refused as %s', async (kind, code) => {
    const file = files.find(({ name }) => kindOf(name) === kind)!;
    const error: unknown = await openModel(file.path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code });
  });

  it.each(Object.entries(PROBLEMS))('%s opens as a graph and lists %s', async (kind, code) => {
    const { model } = await openModel(files.find(({ name }) => kindOf(name) === kind)!.path);
    expect(model.graph.nodes.length).toBeGreaterThan(0);
    expect(validateModel(model).map((problem) => problem.code)).toContain(code);
  });
});
