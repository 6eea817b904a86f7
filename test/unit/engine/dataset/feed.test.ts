import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../../main/engine/dataset/dataset.ts';
import { feedSource } from '../../../../main/engine/dataset/feed-source.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { npyBytes, npzBytes } from '../../../support/data-files.ts';
import { graph } from '../../../support/graph-builder.ts';

let folder = '';
let runner: Runner;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-feed-'));
  runner = await startRunner();
});
afterAll(async () => {
  runner.kill();
  await rm(folder, { recursive: true, force: true });
});

/** y = factor · x. */
async function scaled(factor: number, shape: readonly (number | string)[]) {
  const model = graph()
    .input('x', 'float32', shape)
    .initializer('factor', 'float32', [], [factor])
    .node('Mul', ['x', 'factor'], {}, ['y'])
    .output('y', 'float32', shape)
    .build({ opset: 17, irVersion: 9 });
  return runner.load({ bytes: encodeModel(model) }, { provider: 'cpu', threads: 1 });
}

async function data(name: string, x: readonly number[]): Promise<Dataset> {
  const path = join(folder, name);
  await writeFile(path, npzBytes({ x: npyBytes(Float32Array.from(x), [x.length / 2, 2]) }));
  return openDataset(path);
}

describe('a feed', () => {
  it('runs several models on each batch and sends only their outputs back', async () => {
    const sessions = [await scaled(2, ['N', 2]), await scaled(-1, ['N', 2])];
    const dataset = await data('three.npz', [1, 2, 3, 4, 5, 6]);
    const feed = await runner.openFeed(feedSource(dataset, sessions[0]!.inputs, { batchSize: 2 }));
    const seen: unknown[] = [];
    for await (const { count, runs } of feed.run(sessions.map((session) => ({ session, outputs: ['y'] })))) {
      seen.push([count, ...runs.map(({ outputs }) => [...(outputs['y']!.data as Float32Array)])]);
    }
    expect(seen).toEqual([
      [2, [2, 4, 6, 8], [-1, -2, -3, -4]],
      [1, [10, 12], [-5, -6]],
    ]);
    await feed.close();
  });

  it('gives every batch its own values while arrays are written again', async () => {
    const session = await scaled(1, ['N', 2]);
    const values = Array.from({ length: 2 * 41 }, (_, at) => at);
    const dataset = await data('many.npz', values);
    const feed = await runner.openFeed(feedSource(dataset, session.inputs, { batchSize: 2 }));
    const seen: number[] = [];
    for await (const { runs } of feed.run([{ session, outputs: ['y'] }])) {
      seen.push(...(runs[0]!.outputs['y']!.data as Float32Array));
    }
    expect(seen).toEqual(values);
    await feed.close();
  });

  it('gives decoded images as the data set does here', async () => {
    const images = join(folder, 'images');
    await mkdir(images);
    const pixels = { width: 2, height: 2, channels: 3, background: { r: 51, g: 102, b: 255 } } as const;
    await sharp({ create: pixels }).png().toFile(join(images, 'a.png'));
    const session = await scaled(1, ['N', 3, 2, 2]);
    const dataset = await openDataset(images);
    const feed = await runner.openFeed(feedSource(dataset, session.inputs, { batchSize: 4 }));
    const here = await dataset.batches(session.inputs, 4)[Symbol.asyncIterator]().next();
    const there = await feed.run([{ session, outputs: ['y'] }]).next();
    expect(there.value!.runs[0]!.outputs['y']!.data).toEqual(here.value!.feeds['x']!.data);
    await feed.close();
  });

  it('tells what is wrong with the data', async () => {
    const images = join(folder, 'damaged');
    await mkdir(images);
    await writeFile(join(images, 'a.png'), 'no image');
    const session = await scaled(1, ['N', 3, 2, 2]);
    const feed = await runner.openFeed(feedSource(await openDataset(images), session.inputs, { batchSize: 4 }));
    await expect(feed.run([{ session, outputs: ['y'] }]).next()).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining("'a.png'") as string,
    });
    await feed.close();
  });

  it('refuses data that is no longer what was opened', async () => {
    const dataset = await data('changed.npz', [1, 2]);
    await data('changed.npz', [1, 2, 3, 4]);
    await expect(
      runner.openFeed(feedSource(dataset, [{ name: 'x', dtype: 'float32', shape: ['N', 2] }], { batchSize: 1 })),
    ).rejects.toMatchObject({ code: 'DATA_INVALID', message: "Data 'changed.npz' changed while it was read" });
  });
});
