import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { countOverlap } from '../../../../main/engine/dataset/overlap.ts';
import { npyBytes, npzBytes } from '../../../support/data-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-overlap-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A set of samples of two bytes each. */
async function pairsOf(name: string, ...values: number[]) {
  const path = join(folder, `${name}.npz`);
  await writeFile(path, npzBytes({ x: npyBytes(Uint8Array.from(values), [values.length / 2, 2]) }));
  return openDataset(path);
}

async function imagesOf(name: string, ...greys: number[]) {
  const path = join(folder, name);
  await mkdir(path);
  for (const [index, grey] of greys.entries()) {
    const pixels = Buffer.alloc(4 * 4 * 3, grey);
    const file = join(path, `${index}.png`);
    await sharp(pixels, { raw: { width: 4, height: 4, channels: 3 } })
      .png()
      .toFile(file);
  }
  return openDataset(path);
}

describe('countOverlap', () => {
  it('counts the samples of one array that are in another, wherever they lie', async () => {
    const calibration = { dataset: await pairsOf('a', 1, 2, 3, 4, 5, 6), indices: null };
    const evaluation = { dataset: await pairsOf('b', 9, 9, 5, 6, 1, 2, 5, 6, 2, 1), indices: null };
    // [5, 6] twice and [1, 2]; [2, 1] is another sample.
    expect(await countOverlap(calibration, evaluation)).toBe(3);
  });

  it('looks at the chosen samples alone', async () => {
    const dataset = await pairsOf('a', 1, 2, 3, 4, 5, 6, 7, 8);
    const some = (...indices: number[]) => ({ dataset, indices: Uint32Array.from(indices) });
    expect(await countOverlap(some(0, 2), some(1, 3))).toBe(0);
    expect(await countOverlap(some(0, 2), some(2, 3))).toBe(1);
    expect(await countOverlap({ dataset, indices: null }, some(1, 3))).toBe(2);
  });

  it('finds the same picture under another name', async () => {
    const calibration = { dataset: await imagesOf('a', 10, 20), indices: null };
    const evaluation = { dataset: await imagesOf('b', 30, 40, 20), indices: null };
    expect(await countOverlap(calibration, evaluation)).toBe(1);
  });

  it('finds nothing in common between samples of other sizes', async () => {
    const wide = join(folder, 'wide.npz');
    await writeFile(wide, npzBytes({ x: npyBytes(Uint8Array.of(1, 2, 3, 4), [1, 4]) }));
    const calibration = { dataset: await pairsOf('a', 1, 2, 3, 4), indices: null };
    expect(await countOverlap(calibration, { dataset: await openDataset(wide), indices: null })).toBe(0);
  });
});

describe('samples by index', () => {
  it('come in order with their labels, in batches of the asked size', async () => {
    const path = join(folder, 'labelled.npz');
    const x = npyBytes(
      Uint8Array.from({ length: 20 }, (_, index) => index),
      [10, 2],
    );
    const y = npyBytes(
      Int32Array.from({ length: 10 }, (_, index) => index % 3),
      [10],
    );
    await writeFile(path, npzBytes({ x, y }));
    const dataset = await openDataset(path);
    const input = { name: 'x', dtype: 'uint8', shape: ['N', 2] } as const;
    const seen = [];
    for await (const { feeds, labels, count } of dataset.batches([input], 2, { indices: Uint32Array.of(1, 4, 9) })) {
      seen.push([[...(feeds['x']!.data as Uint8Array)], [...labels!], count]);
    }
    expect(seen).toEqual([
      [[2, 3, 8, 9], [1, 1], 2],
      [[18, 19], [0], 1],
    ]);
  });
});
