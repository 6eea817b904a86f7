import { zipSync } from 'fflate';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNpz, readNpz } from '../../../../main/engine/tensor/npz.ts';

const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }".padEnd(117) + '\n';
const array = Buffer.concat([
  Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
  Buffer.from([118, 0]),
  Buffer.from(header),
  Buffer.from([5, 6, 7]),
]);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('openNpz', () => {
  it.each([
    ['stored', 0],
    ['deflated', 9],
  ] as const)('reads %s arrays by name', async (_, level) => {
    const path = join(folder, `level-${level}.npz`);
    await writeFile(path, zipSync({ 'x.npy': array, 'readme.txt': new Uint8Array([1]) }, { level }));
    const arrays = await readNpz(path);
    expect([...arrays.keys()]).toEqual(['x']);
    expect(arrays.get('x')).toEqual({ dtype: 'uint8', dims: [3], data: new Uint8Array([5, 6, 7]) });
  });

  it('reports contents that are longer or shorter than the directory says', async () => {
    for (const [said, level] of [
      [array.length - 1, 9],
      [array.length + 1, 9],
    ] as const) {
      // prettier-ignore
      const zip = zipSync({ 'x.npy': array }, { level });
      // The size without compression: 24 bytes into the entry of the directory (APPNOTE 4.3.12).
      const directory = Buffer.from(zip.buffer).indexOf('PK\x01\x02', 0, 'latin1');
      new DataView(zip.buffer).setUint32(directory + 24, said, true);
      const path = join(folder, `said-${said}.npz`);
      await writeFile(path, zip);
      await expect(readNpz(path)).rejects.toMatchObject({ code: 'DATA_INVALID' });
    }
  });

  it('names what is there when an array is not', async () => {
    const path = join(folder, 'names.npz');
    await writeFile(path, zipSync({ 'x.npy': array, 'y.npy': array }));
    const archive = await openNpz(path);
    await expect(archive.read('z')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('x, y'),
    });
    archive.close();
  });

  it('reports a missing, a foreign and a damaged file', async () => {
    await expect(openNpz(join(folder, 'none.npz'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const path = join(folder, 'bad.npz');
    await writeFile(path, 'not a zip');
    await expect(openNpz(path)).rejects.toMatchObject({ code: 'DATA_INVALID' });
    const zip = zipSync({ 'x.npy': array }, { level: 9 });
    zip.fill(0xff, 40, 60); // within the compressed bytes
    await writeFile(path, zip);
    await expect(readNpz(path)).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });
});
