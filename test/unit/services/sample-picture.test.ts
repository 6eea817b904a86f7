import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../main/base/progress.ts';
import { preprocessingSchema } from '../../../main/contract/data.ts';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { samplePicture } from '../../../main/services/operations/sample-picture.ts';
import { npyBytes } from '../../support/data-files.ts';
import { graph } from '../../support/graph-builder.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-picture-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function pictureOf(dims: readonly number[], values: Float32Array, index: number) {
  const model = graph()
    .input('x', 'float32', ['N', ...dims.slice(1)])
    .node('Relu', ['x'], {}, ['y'], { name: 'r' })
    .output('y')
    .build({ opset: 17 });
  const [path, data] = [join(folder, 'model.onnx'), join(folder, 'data.npy')];
  await writeFile(path, encodeModelBytes(model));
  await writeFile(data, npyBytes(values, dims));
  const source = { path: data, labelsPath: null, preprocessing: preprocessingSchema.parse({}) };
  return samplePicture({ path, data: source, index }, quietContext());
}

it('shows the asked sample, from its least value in black to its greatest in white', async () => {
  // The second of two grey samples of 2 × 2.
  const picture = await pictureOf([2, 1, 2, 2], Float32Array.from([9, 9, 9, 9, -1, 0, 1, 3]), 1);
  expect(picture).toMatchObject({ width: 2, height: 2, label: null });
  expect(Array.from(picture!.pixels)).toEqual([0, 0, 0, 64, 64, 64, 128, 128, 128, 255, 255, 255]);
});

it('puts three planes together as colours', async () => {
  const picture = await pictureOf([1, 3, 1, 2], Float32Array.from([1, 0, 0, 1, 0, 0]), 0);
  expect(Array.from(picture!.pixels)).toEqual([255, 0, 0, 0, 255, 0]);
});

it('says that a vector is no picture, and neither is a sample that is not there', async () => {
  expect(await pictureOf([2, 5], new Float32Array(10), 0)).toBeNull();
  expect(await pictureOf([1, 1, 2, 2], new Float32Array(4), 1)).toBeNull();
});
