import { existsSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { peaks } from '../../../../main/services/operations/peaks.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const settings = { provider: 'cpu', threads: 1 } as const;

it('measures once for a machine, keeps it, and another number of threads is not known by it', async () => {
  using folder = tempFolder();
  const cache = folder.file('machines/peaks.json');
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toBe(null);
  expect(existsSync(cache)).toBe(false);
  const measured = await peaks({ settings, cache, measure: 'when unknown' }, quietContext());
  expect(measured).not.toBe(null);
  expect(await peaks({ settings, cache, measure: 'when unknown' }, quietContext())).toEqual(measured);
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toEqual(measured);
  expect(await peaks({ settings: { ...settings, threads: 7 }, cache, measure: 'never' }, quietContext())).toBe(null);
  writeFileSync(cache, 'not JSON');
  expect(await peaks({ settings, cache, measure: 'never' }, quietContext())).toBe(null);
}, 60_000);
