/** The query language in the window: completion, selecting all that is found, acting on it, kept queries. */
import { expect } from '@playwright/test';
import { openSample, test } from './studio-fixture.ts';

test('a query is completed by keys, finds layers by attribute, selects them, and the recipe leaves them out', async ({
  studioPage: page,
}) => {
  await openSample(page);
  const outline = page.getByRole('region', { name: 'Outline' });
  const search = page.getByRole('combobox', { name: 'Search layers' });
  await test.step('what can follow is offered: Tab takes the first', async () => {
    await search.focus();
    await page.keyboard.type('op:co');
    await expect(page.getByRole('option', { name: /^Conv \d+ layers$/u })).toBeVisible();
    await page.keyboard.press('Tab');
    await expect(search).toHaveValue('op:Conv ');
    await page.keyboard.type('@strides:2x2');
    await expect(outline).toContainText(/4 of \d+ layers/u);
  });
  await test.step('what is not understood is told, and finds nothing', async () => {
    await search.fill('op:Conv macs>much');
    await expect(outline.getByRole('status')).toContainText('“much” is no amount');
    await search.fill('op:Conv @strides:2x2');
    await expect(outline.getByRole('status')).toHaveCount(0);
  });
  await test.step('all that is found is selected, and kept in float together; one undo takes it back', async () => {
    await outline.getByRole('button', { name: 'Queries' }).click();
    await page.getByRole('menuitem', { name: 'Select all that are found' }).click();
    const status = page.getByRole('contentinfo', { name: 'Status' });
    await status.getByRole('button', { name: '4 layers selected' }).click();
    await page.getByRole('menuitem', { name: 'Exclude from quantization' }).click();
    await status.getByRole('button', { name: '4 layers selected' }).click();
    await expect(page.getByRole('menuitem', { name: 'Allow quantization' })).toBeVisible();
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+z');
    await status.getByRole('button', { name: '4 layers selected' }).click();
    await expect(page.getByRole('menuitem', { name: 'Exclude from quantization' })).toBeVisible();
    await page.keyboard.press('Escape');
    await status.getByRole('button', { name: 'Select no layers' }).click();
    await expect(status.getByRole('button', { name: /layers? selected/u })).toHaveCount(0);
  });
  await test.step('a kept query is there after a reload', async () => {
    await outline.getByRole('button', { name: 'Queries' }).click();
    await page.getByRole('menuitem', { name: 'Keep this query' }).click();
    await page.waitForTimeout(600);
    await page.reload();
    await expect(page).toHaveTitle(/glyph-cnn/u);
    await page.getByRole('region', { name: 'Outline' }).getByRole('button', { name: 'Queries' }).click();
    await page.getByRole('menuitem', { name: 'op:Conv @strides:2x2', exact: true }).click();
    await expect(page.getByRole('combobox', { name: 'Search layers' })).toHaveValue('op:Conv @strides:2x2');
  });
});
