import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { makeRawTensor } from '../../../../main/engine/graph/make.ts';
import type { Tensor } from '../../../../main/engine/graph/ir.ts';
import { tensorBytes } from '../../../../main/engine/graph/tensor-data.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { executedModel } from '../../../../main/engine/quantize/check-fusion.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { memoryBytes, type ModelSource } from '../../../../main/engine/runtime/settings.ts';
import { apartFromWeights } from '../../../../main/engine/runtime/weights-file.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const temporary = tempFolder();
let runner: Runner;
beforeAll(async () => {
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary.path);
  runner = await startRunner();
});
afterAll(() => {
  runner.kill();
  vi.unstubAllEnvs();
  temporary[Symbol.dispose]();
});

const WIDTH = 1024;
/** 3 × 1024 × 1024 weights, 12 MiB, of which two share their bytes, and a small one. */
const model = (() => {
  const bytes = (seed: number): Uint8Array =>
    new Uint8Array(Float32Array.from({ length: WIDTH ** 2 }, (_, at) => Math.sin(at * seed) / 32).buffer);
  const first = bytes(1.1);
  const made = graph().input('x', 'float32', [1, WIDTH]);
  for (const [name, data] of [
    ['a', first],
    ['b', bytes(2.3)],
    ['c', bytes(0.7)],
    ['tied', first],
  ] as const)
    // prettier-ignore
    made.tensor(makeRawTensor(name, 'float32', [WIDTH, WIDTH], data)).unary('MatMul', {}, [name]).relu();
  return made
    .tensor(makeRawTensor('small', 'float32', [WIDTH], bytes(3).slice(0, 4 * WIDTH)))
    .unary('Add', {}, ['small'])
    .output()
    .build();
})();

const x = Float32Array.from({ length: WIDTH }, (_, at) => Math.cos(at));
const feeds = { x: { dtype: 'float32', dims: [1, WIDTH], data: x } } as const;

async function outputOf(source: ModelSource): Promise<unknown> {
  const session = await runner.load(source, { provider: 'cpu', threads: 1 });
  const outputs = await session.run(feeds);
  await session.close();
  return Object.values(outputs)[0]!.data;
}

it('places large weights on pages, what is shared once, and leaves small ones where they are', () => {
  const apart = apartFromWeights(model)!;
  const size = 4 * WIDTH ** 2;
  expect(apart.weights.map(({ offset }) => offset)).toEqual([0, size, 2 * size]);
  const placeOf = ({ storage }: Tensor): unknown => (storage.kind === 'external' ? storage.offset : storage.kind);
  const places = apart.model.graph.initializers.map((tensor) => [tensor.name, placeOf(tensor)]);
  expect(Object.fromEntries(places)).toEqual({ a: 0, b: size, c: 2 * size, tied: 0, small: 'raw' });
});

it('leaves models whole that have few weights', () => {
  const small = graph().input('x', 'float32', [1, 64]).gemm({ inputs: 64, outputs: 2048, name: 'a' }).output().build();
  expect(apartFromWeights(small)).toBeUndefined();
});

it('hands large weights over in a file, which is gone when the model is loaded; so is what a killed process left', async () => {
  // No process has this number.
  mkdirSync(join(temporary.path, 'lapidary-weights-999999999-x'));
  const source = sourceOfModel(model);
  expect(memoryBytes(source)).toBeLessThan(8192);
  expect(await outputOf(source)).toEqual(await outputOf({ bytes: encodeModel(model) }));
  expect(readdirSync(temporary.path)).toEqual([]);
});

it('takes weights that lie in files along where there are fewer of them, and leaves models to their files where there are more', async () => {
  using folder = tempFolder();
  const inFile = (name: string): Tensor => {
    const tensor = model.graph.initializers.find((one) => one.name === name)!;
    const bytes = tensorBytes(tensor);
    writeFileSync(folder.file(`${name}.bin`), bytes);
    const at = { directory: folder.path, location: `${name}.bin`, offset: 0, length: bytes.length, extra: [] };
    return { ...tensor, storage: { kind: 'external', ...at } };
  };
  const filed = (...names: readonly string[]) => {
    const initializers = model.graph.initializers.map((tensor) =>
      names.includes(tensor.name) ? inFile(tensor.name) : tensor,
    );
    return { ...model, graph: { ...model.graph, initializers } };
  };
  const expected = await outputOf({ bytes: encodeModel(model) });
  const few = sourceOfModel(filed('b', 'small'));
  expect('weights' in few && few.weights.map(({ tensor }) => tensor.name)).toEqual(['a', 'b', 'c']);
  expect(await outputOf(few)).toEqual(expected);
  const many = sourceOfModel(filed('b', 'c', 'small'));
  expect('directory' in many && many.directory).toBe(folder.path);
  expect(await outputOf(many)).toEqual(expected);
});

it('removes the file of a model that is refused', async () => {
  const broken = { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map((node) => ({ ...node, opType: 'No' })) } }; // prettier-ignore
  await expect(outputOf(sourceOfModel(broken))).rejects.toMatchObject({ code: 'RUNTIME_LOAD_FAILED' });
  expect(readdirSync(temporary.path)).toEqual([]);
});

it('gives the executed graph the weights that the runtime took from the file', async () => {
  const executed = await executedModel(model, runner, quietContext());
  const [ours, theirs] = [model, executed].map(({ graph: { initializers } }) =>
    initializers.find(({ name }) => name === 'b')!,
  ) as [Tensor, Tensor];
  expect(Buffer.compare(tensorBytes(theirs), tensorBytes(ours))).toBe(0);
});
