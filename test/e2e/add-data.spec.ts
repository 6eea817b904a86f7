/** The dialog that adds data. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from '@playwright/test';
import { npyBytes, npzBytes } from '../support/data-files.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openSample, showTask, test } from './studio-fixture.ts';

test('data that do not fit the open model are not added, and those that do are', async ({ studioPage: page }) => {
  using folder = tempFolder();
  const write = (name: string, size: number): string => {
    const file = path.join(folder.path, name);
    const x = npyBytes(new Uint8Array(8 * size * size), [8, 1, size, size]);
    writeFileSync(file, npzBytes({ x }));
    return file;
  };
  await openSample(page);
  await showTask(page, 'Quantize');
  await page.getByRole('button', { name: 'Add data' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Add data' });
  await dialog.getByLabel('Path').fill(write('small.npz', 20));
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('Not added: these data do not fit the model that is open.');
  await dialog.getByLabel('Path').fill(write('fitting.npz', 32));
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  const known = page.getByRole('option', { includeHidden: true });
  await expect(known.filter({ hasText: 'fitting.npz' }).first()).toHaveAttribute('aria-selected', 'true');
  await expect(known.filter({ hasText: 'small.npz' })).toHaveCount(0);
});
