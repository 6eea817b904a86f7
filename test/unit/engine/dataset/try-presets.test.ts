import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preprocessingSchema } from '../../../../main/contract/data.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { tryPresets } from '../../../../main/engine/dataset/try-presets.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import { PRESETS } from '../../../../main/contract/preprocessing-presets.ts';
import { PRESET_TABLE } from '../../../../main/judge/preprocessing/presets.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { npyBytes, npzBytes } from '../../../support/data-files.ts';
import { graph } from '../../../support/graph-builder.ts';

let folder = '';
let runner: Runner;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-presets-'));
  runner = await startRunner();
});
afterAll(async () => {
  runner.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Images of one grey pixel: class 1 where the model gets more than 0.6 of it. */
const model = graph()
  .input('x', 'float32', ['N', 1, 1, 1])
  .flatten({ to: 'flat' })
  .initializer('weight', 'float32', [2, 1], Float32Array.of(0, 1))
  .initializer('bias', 'float32', [2], Float32Array.of(0.6, 0))
  .node('Gemm', ['flat', 'weight', 'bias'], { transB: 1n }, ['scores'])
  .output('scores', 'float32', ['N', 2])
  .build({ opset: 17, irVersion: 9 });

async function pixels(x: readonly number[], y: readonly number[] | null): Promise<string> {
  const path = join(folder, `${x.join('-')}-${y === null ? 'bare' : 'labelled'}.npz`);
  const labels = y === null ? {} : { y: npyBytes(Int32Array.from(y), [y.length]) };
  await writeFile(path, npzBytes({ x: npyBytes(Uint8Array.from(x), [x.length, 1, 1, 1]), ...labels }));
  return path;
}

const tried = (path: string, limit: number) =>
  tryPresets(
    {
      model: { bytes: encodeModel(model) },
      runner,
      settings: { provider: 'cpu', threads: 1 },
      open: (preset) =>
        openDataset(path, { preprocessing: preprocessingSchema.parse({ ...PRESET_TABLE[preset].values }) }),
      limit,
    },
    quietContext(),
  );

it('tells accuracy under each preset, the best, and what does not fit', async () => {
  // Of 255: 0.39 and 0.78. Under 2x/255 − 1 they are −0.22 and 0.57, both below 0.6; as they are, both above.
  const result = await tried(await pixels([100, 200, 100, 200], [0, 1, 0, 1]), 100);
  const of = (preset: string) => result.rows.find((row) => row.preset === preset)!;
  expect(result.samples).toBe(4);
  expect(result.rows.map(({ preset }) => preset)).toEqual([...PRESETS]);
  expect(of('unit').top1!.value).toBe(1);
  expect(of('raw').top1!.value).toBe(0.5);
  expect(of('signed').top1!.value).toBe(0.5);
  expect(of('cifar10')).toMatchObject({ top1: null });
  expect(of('cifar10').problem).toMatch(/mean|channel/u);
  expect(result.best).toBe('unit');
  // Four samples do not tell 100 % (51 % at least) from 50 % (85 % at most).
  expect(result.rivals).toContain('raw');
});

it('draws its samples of every class alike', async () => {
  const x = Array.from({ length: 40 }, (_, at) => (at < 20 ? 100 : 200));
  const result = await tried(
    await pixels(
      x,
      x.map((pixel) => (pixel === 200 ? 1 : 0)),
    ),
    10,
  );
  expect(result.samples).toBe(10);
  expect(result.rows.find(({ preset }) => preset === 'raw')!.top1!.value).toBe(0.5);
});

it('asks for labels', async () => {
  await expect(tried(await pixels([100, 200], null), 10)).rejects.toMatchObject({ code: 'DATA_LABELS_MISSING' });
});
