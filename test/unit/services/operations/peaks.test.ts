import { existsSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { machinePeaksSchema } from '../../../../main/contract/machine-peaks.ts';
import { peaks } from '../../../../main/services/operations/peaks.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const settings = { provider: 'cpu', threads: 1 } as const;

it('measures once for a machine, keeps it, and another number of threads is not known by it', async () => {
  using folder = tempFolder();
  const cache = folder.file('machines/peaks.json');
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toBe(null);
  expect(existsSync(cache)).toBe(false);
  const measured = await peaks({ settings, cache, measure: 'when unknown' }, quietContext());
  expect(machinePeaksSchema.parse(measured)).toEqual(measured);
  // no machine that runs this is slower than 1 or faster than 100,000 GFLOP/s on one thread
  for (const peak of [measured!.float32, measured!.int8!]) expect(peak > 1 && peak < 1e5).toBe(true);
  const sizes = measured!.bandwidth.map(({ setBytes }) => setBytes);
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  for (const { gbPerSecond } of measured!.bandwidth) expect(gbPerSecond > 0.1 && gbPerSecond < 1e5).toBe(true);
  expect(measured!.kernelUs).toBeGreaterThan(0);
  expect(await peaks({ settings, cache, measure: 'when unknown' }, quietContext())).toEqual(measured);
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toEqual(measured);
  expect(await peaks({ settings: { ...settings, threads: 7 }, cache, measure: 'never' }, quietContext())).toBe(null);
  writeFileSync(cache, 'not JSON');
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toBe(null);
}, 120_000);
