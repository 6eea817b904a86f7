import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRawTensor } from '../../../../main/engine/graph/make.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import { measureShapes, tapModel } from '../../../../main/engine/runtime/taps.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const x = { dtype: 'float32', dims: [3], data: new Float32Array([1, 0, 2]) } as const;

/** x → NonZero (its size depends on the data) → Transpose → y */
const model = graph()
  .input('x', 'float32', ['n'])
  .node('NonZero', ['x'], {}, ['places'])
  .node('Transpose', ['places'], {}, ['y'])
  .output('y', 'int64', [null, null])
  .build();

it('measures shapes that depend on the data', async () => {
  const measured = await measureShapes(runner, { model, values: ['places', 'y'], feeds: { x } });
  expect(measured).toEqual(
    new Map([
      ['places', { dtype: 'int64', shape: [1, 2] }],
      ['y', { dtype: 'int64', shape: [2, 1] }],
    ]),
  );
});

it('adds intermediate values behind the outputs of the model', async () => {
  const tapped = tapModel(model, ['places', 'y', 'places']);
  expect(tapped.graph.outputs.map((output) => output.name)).toEqual(['y', 'places']);
  const session = await runner.load(sourceOfModel(tapped), { provider: 'cpu', threads: 1 });
  const { places } = await session.run({ x }, { outputs: ['places'] });
  expect(places!.data).toEqual(new BigInt64Array([0n, 2n]));
  await session.close();
});

it('refuses values that no node makes', () => {
  expect(() => tapModel(model, ['x'])).toThrow(/makes a value 'x'/);
});

it('loads a model from memory whose shapes depend on external data', async () => {
  using folder = tempFolder();
  // one zero before, two after
  writeFileSync(folder.file('pads.bin'), new Uint8Array(BigInt64Array.of(1n, 2n).buffer));
  const pads = {
    ...makeRawTensor('pads', 'int64', [2], new Uint8Array()),
    storage: {
      kind: 'external' as const,
      directory: folder.path,
      location: 'pads.bin',
      offset: 0,
      length: 16,
      extra: [],
    },
  };
  const padded = graph()
    .input('x', 'float32', [3])
    .tensor(pads)
    .node('Pad', ['x', 'pads'], {}, ['y'])
    .output('y', 'float32', [6])
    .build();
  const session = await runner.load(sourceOfModel(padded), { provider: 'cpu', threads: 1 });
  const { y } = await session.run({ x });
  expect(y!.data).toEqual(new Float32Array([0, 1, 0, 2, 0, 0]));
  await session.close();
});
