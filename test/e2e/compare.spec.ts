/** Two models as graphs: side by side and as one, stepped through by keys. */
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { openSample, root, test } from './studio-fixture.ts';

test('two models are compared as graphs: differences are counted, stepped through, and selected in both', async ({
  studioPage: page,
}) => {
  await openSample(page);
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'File…' }).click();
  await page.getByLabel('Path').fill(join(root, 'resources', 'samples', 'glyph-gru.onnx'));
  await page.getByLabel('Path').press('Enter');
  const table = page.getByRole('grid', { name: 'Layers compared' });
  await expect(table).toBeVisible();
  await test.step('side by side', async () => {
    await page.getByText('Side by side', { exact: true }).click();
    const panes = page.getByRole('img', { name: /graph of \d+ layers/u });
    await expect(panes).toHaveCount(2);
    await expect(panes.first()).toHaveAttribute('aria-busy', 'false');
    await expect(page.getByRole('list', { name: 'Legend' })).toContainText(/only A ?\d+/u);
    await page.getByRole('button', { name: 'Move each graph by itself' }).click();
    await expect(page.getByRole('button', { name: 'Move both graphs as one' })).toBeVisible();
  });
  await test.step('as one graph, of the layers of both', async () => {
    await page.getByText('Overlaid', { exact: true }).click();
    await expect(page.getByRole('img', { name: /graph of \d+ layers/u })).toHaveCount(1);
    await page.keyboard.press('F7');
  });
  await test.step('what was stepped to is the selected row of the table', async () => {
    await page.getByText('Table', { exact: true }).click();
    await expect(table.getByRole('row', { selected: true })).toHaveCount(1);
    const first = await table.getByRole('row', { selected: true }).textContent();
    await page.keyboard.press('F7');
    await expect(table.getByRole('row', { selected: true })).not.toHaveText(first!);
  });
});
