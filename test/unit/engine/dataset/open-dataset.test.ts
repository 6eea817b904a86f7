import { gzipSync } from 'node:zlib';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch, Dataset, InputSpec } from '../../../../main/engine/dataset/dataset.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { idxBytes, npyBytes, npzBytes } from '../../../support/data-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts a file into the test's folder, making the folders that its name has. */
async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

const rows = (dtype: InputSpec['dtype'] = 'uint8'): InputSpec[] => [{ name: 'in', dtype, shape: ['N', 2] }];

async function batchesOf(
  dataset: Dataset,
  inputs: readonly InputSpec[],
  size: number,
  limit?: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of dataset.batches(inputs, size, { limit: limit ?? null })) batches.push(batch);
  return batches;
}

const valuesOf = (batch: Batch): unknown[] => [...(Object.values(batch.feeds)[0]!.data as Uint8Array)];

/** Three samples of two bytes. */
const X = npyBytes(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
const Y = npyBytes(BigInt64Array.of(2n, 0n, 1n), [3]);

describe('openDataset on arrays', () => {
  it.each([['stored', 0] as const, ['deflated', 9] as const])(
    'reads x and y of a %s .npz in batches',
    async (_, level) => {
      const dataset = await openDataset(await put('d.npz', npzBytes({ x: X, y: Y }, level)));
      expect(dataset).toMatchObject({
        kind: 'npz',
        samples: 3,
        labelled: true,
        classes: ['0', '1', '2'],
        sampleShape: [2],
      });
      const batches = await batchesOf(dataset, rows(), 2);
      expect(batches.map(valuesOf)).toEqual([
        [1, 2, 3, 4],
        [5, 6],
      ]);
      expect(batches.map((batch) => [...batch.labels!])).toEqual([[2, 0], [1]]);
      expect(batches[1]!.feeds['in']!.dims).toEqual([1, 2]);
    },
  );

  it('pads the last batch of a model with a fixed batch, and says how many samples count', async () => {
    const dataset = await openDataset(await put('d.npz', npzBytes({ x: X, y: Y })));
    const batches = await batchesOf(dataset, [{ name: 'in', dtype: 'uint8', shape: [2, 2] }], 64);
    expect(batches.map(({ count }) => count)).toEqual([2, 1]);
    expect(valuesOf(batches[1]!)).toEqual([5, 6, 5, 6]);
  });

  it('stops at the limit', async () => {
    const dataset = await openDataset(await put('d.npz', npzBytes({ x: X })));
    const batches = await batchesOf(dataset, rows(), 2, 1);
    expect(batches.map(valuesOf)).toEqual([[1, 2]]);
    expect(batches[0]!.labels).toBeNull();
  });

  it('finds y_test.npz beside x_test.npz and class names in labels.txt', async () => {
    const path = await put('x_test.npz', npzBytes({ arr_0: X }));
    await put('y_test.npz', npzBytes({ arr_0: Y }));
    await put('labels.txt', 'ant\nbee\ncat\n');
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ labelled: true, classes: ['ant', 'bee', 'cat'] });
  });

  it('reads Fortran-ordered arrays', async () => {
    const columns = npyBytes(Uint8Array.of(1, 3, 5, 2, 4, 6), [3, 2], true);
    const dataset = await openDataset(await put('x.npy', columns));
    expect((await batchesOf(dataset, rows(), 2)).map(valuesOf)).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
  });

  it('reads gzipped IDX files with their labels', async () => {
    const path = await put('t10k-images-idx3-ubyte.gz', gzipSync(idxBytes(Uint8Array.of(9, 8, 7, 6), [2, 1, 2])));
    await put('t10k-labels-idx1-ubyte.gz', gzipSync(idxBytes(Uint8Array.of(1, 0), [2])));
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ kind: 'idx', samples: 2, labelled: true });
    expect((await batchesOf(dataset, rows(), 1)).map(valuesOf)).toEqual([
      [9, 8],
      [7, 6],
    ]);
  });

  it('feeds several inputs from arrays of their names', async () => {
    const dataset = await openDataset(
      await put('d.npz', npzBytes({ a: X, b: npyBytes(Uint8Array.of(7, 8, 9), [3, 1]) })),
    );
    const inputs: InputSpec[] = [
      { name: 'a', dtype: 'uint8', shape: ['N', 2] },
      { name: 'b', dtype: 'uint8', shape: ['N', 1] },
    ];
    const [batch] = await batchesOf(dataset, inputs, 3);
    expect([...(batch!.feeds['b']!.data as Uint8Array)]).toEqual([7, 8, 9]);
  });

  it('adds the label offset', async () => {
    const dataset = await openDataset(await put('d.npz', npzBytes({ x: X, y: Y })), {
      preprocessing: { labelOffset: 1 },
    });
    expect([...(await batchesOf(dataset, rows(), 3))[0]!.labels!]).toEqual([3, 1, 2]);
  });

  it('takes one-hot labels', async () => {
    const y = npyBytes(Float32Array.of(0, 1, 1, 0, 0, 1), [3, 2]);
    const dataset = await openDataset(await put('d.npz', npzBytes({ x: X, y })));
    expect([...(await batchesOf(dataset, rows(), 3))[0]!.labels!]).toEqual([1, 0, 1]);
  });

  it('refuses labels of another number', async () => {
    const path = await put('d.npz', npzBytes({ x: X, y: npyBytes(Int32Array.of(0, 1), [2]) }));
    await expect(openDataset(path)).rejects.toMatchObject({
      code: 'DATA_SHAPE',
      message: "'x' has 3 samples, but there are 2 labels",
    });
  });

  it('says which array to name when none fits the input', async () => {
    const dataset = await openDataset(await put('d.npz', npzBytes({ a: X, b: X })));
    expect(() => dataset.describe(rows())).toThrow('has the arrays a, b, but none for the input in');
  });

  it('reports data that end too early', async () => {
    const path = await put('x.npy', X.subarray(0, X.length - 1));
    const dataset = await openDataset(path);
    await expect(batchesOf(dataset, rows(), 3)).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });

  it('stops reading when told to', async () => {
    const dataset = await openDataset(await put('d.npz', npzBytes({ x: X })));
    const batches = dataset.batches(rows(), 1, { signal: AbortSignal.abort() });
    await expect(batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('changes its fingerprint when the file changes', async () => {
    const path = await put('x.npy', X);
    const before = (await openDataset(path)).fingerprint;
    await put('x.npy', npyBytes(Uint8Array.of(1, 2), [1, 2]));
    expect((await openDataset(path)).fingerprint).not.toBe(before);
  });
});

/** A PNG of one colour. */
const png = (r: number, g: number, b: number, size = 2): Promise<Buffer> =>
  sharp({ create: { width: size, height: size, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();

describe('openDataset on folders', () => {
  const image: InputSpec[] = [{ name: 'in', dtype: 'uint8', shape: ['N', 3, 1, 1] }];

  it('takes class folders in sorted order as classes', async () => {
    await put('dogs/1.png', await png(10, 20, 30));
    await put('cats/2.png', await png(40, 50, 60));
    const dataset = await openDataset(folder);
    expect(dataset).toMatchObject({ kind: 'images', samples: 2, classes: ['cats', 'dogs'] });
    const [batch] = await batchesOf(dataset, image, 2);
    expect(valuesOf(batch!)).toEqual([40, 50, 60, 10, 20, 30]);
    expect([...batch!.labels!]).toEqual([0, 1]);
  });

  it('crops the centre after scaling the shorter side', async () => {
    // 4×2, left half black, right half white: the centre 2×2 holds one column of each
    const wide = Uint8Array.from({ length: 24 }, (_, at) => (Math.floor(at / 3) % 4 < 2 ? 0 : 255));
    await put(
      'a.png',
      await sharp(wide, { raw: { width: 4, height: 2, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const dataset = await openDataset(folder, { preprocessing: { resize: 2 } });
    const [batch] = await batchesOf(dataset, [{ name: 'in', dtype: 'uint8', shape: ['N', 1, 2, 2] }], 1);
    expect(valuesOf(batch!)).toEqual([0, 255, 0, 255]);
  });

  it('fits an image in whole into a letterbox, centred or top left', async () => {
    // 4×2 of white into 4×4: two rows of it, and two of the filling
    const white = new Uint8Array(24).fill(255);
    await put(
      'a.png',
      await sharp(white, { raw: { width: 4, height: 2, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const rowsWith = async (align: 'center' | 'corner'): Promise<readonly number[]> => {
      const dataset = await openDataset(folder, { preprocessing: { letterbox: { fill: 114, align } } });
      const [batch] = await batchesOf(dataset, [{ name: 'in', dtype: 'uint8', shape: ['N', 1, 4, 4] }], 1);
      const values = valuesOf(batch!);
      return [0, 1, 2, 3].map((row) => Number(values[row * 4]));
    };
    expect(await rowsWith('center')).toEqual([114, 255, 255, 114]);
    expect(await rowsWith('corner')).toEqual([255, 255, 114, 114]);
  });

  it('has no labels for images without class folders, unless a file says them', async () => {
    await put('a.png', await png(1, 1, 1));
    await put('b.png', await png(2, 2, 2));
    const labels = await put('truth.csv', 'b.png,1\na.png,0\n');
    expect((await openDataset(folder)).labelled).toBe(false);
    const dataset = await openDataset(folder, { labelsPath: labels });
    expect([...(await batchesOf(dataset, image, 2))[0]!.labels!]).toEqual([0, 1]);
  });

  it('reads bitmaps', async () => {
    const bmp = Buffer.alloc(58);
    bmp.write('BM');
    for (const [at, value] of [[10, 54], [14, 40], [18, 1], [22, 1]] as const) bmp.writeUInt32LE(value, at); // prettier-ignore
    bmp.writeUInt16LE(24, 28);
    bmp.set([30, 20, 10], 54);
    await put('a.bmp', bmp);
    const dataset = await openDataset(folder);
    expect(valuesOf((await batchesOf(dataset, image, 1))[0]!)).toEqual([10, 20, 30]);
  });

  it('names the image that is damaged', async () => {
    await put('a.png', (await png(1, 1, 1)).subarray(0, 40));
    const dataset = await openDataset(folder);
    await expect(batchesOf(dataset, image, 1)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining("Image 'a.png' cannot be read") as string,
    });
  });

  it('asks for sizes that the model leaves open', async () => {
    await put('a.png', await png(1, 1, 1));
    const dataset = await openDataset(folder);
    expect(() => dataset.describe([{ name: 'in', dtype: 'float32', shape: ['N', 3, 'h', 'w'] }])).toThrow(
      'does not say how large images should be',
    );
  });
});

describe('openDataset on what is no data', () => {
  it.each([
    ['missing.npz', undefined, 'FILE_NOT_FOUND'],
    ['text.txt', 'hello', 'DATA_INVALID'],
    ['broken.npz', 'PK but no archive', 'DATA_INVALID'],
    ['broken.npy', 'no magic here at all', 'DATA_INVALID'],
    ['empty.npy', '', 'DATA_INVALID'],
    ['idx3-ubyte', '\0\0\u0008', 'DATA_INVALID'],
  ])('refuses %s', async (name, content, code) => {
    if (content !== undefined) await put(name, content);
    await expect(openDataset(join(folder, name))).rejects.toMatchObject({ code });
  });

  it('refuses a folder without images', async () => {
    await expect(openDataset(folder)).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });
});
