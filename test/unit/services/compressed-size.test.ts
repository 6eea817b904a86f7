import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compressedBytes } from '../../../main/services/operations/compressed-size.ts';
import { seededRandom } from '../../../main/engine/tensor/random.ts';
import { tempFolder } from '../../support/temp-folder.ts';

it('zeros are packed to next to nothing, noise is not; several files are added up', async () => {
  using folder = tempFolder();
  const [zeros, noise] = [folder.file('zeros'), folder.file('noise')];
  const random = seededRandom(1);
  writeFileSync(zeros, new Uint8Array(100_000));
  writeFileSync(
    noise,
    Uint8Array.from({ length: 100_000 }, () => random() * 256),
  );
  const { signal } = new AbortController();
  const packed = await compressedBytes([zeros], signal);
  expect(packed).toBeLessThan(100);
  const both = await compressedBytes([zeros, noise], signal);
  expect(both - packed).toBeGreaterThanOrEqual(100_000);
  expect(both - packed).toBeLessThan(100_100);
});

it('stops when it is told to', async () => {
  using folder = tempFolder();
  writeFileSync(folder.file('f'), new Uint8Array(10));
  await expect(compressedBytes([folder.file('f')], AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
});
