import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

test('every part of a profile says what it measured, by the keyboard too, and a trace that was saved is imported', async ({
  studioPage: page,
}) => {
  await openSample(page);
  await page.getByRole('button', { name: 'Profile', exact: true }).click();
  const panel = await showTask(page, 'Profile');
  const parts = panel.getByRole('radiogroup', { name: 'Part of the profile' });
  const show = (part: string): Promise<void> => parts.getByRole('radio', { name: part }).press('Space');

  await test.step('the waterfall ends with the undisturbed run', async () => {
    const waterfall = panel.getByRole('region', { name: /^Where a run/u });
    await expect(waterfall.getByRole('row', { name: /^Undisturbed run/u })).toContainText('100 %');
    await expect(panel.getByRole('region', { name: 'Loading and first run' })).toContainText('Parsing');
    const timeline = panel.getByRole('application', { name: /^Timeline: \d+ kernels/u });
    await timeline.press('.');
    await expect(panel.getByRole('combobox', { name: 'Run of the timeline' })).toHaveValue(/^Run 1/u);
  });

  await test.step('layers and values have their tables', async () => {
    await show('Layers');
    await expect(panel.getByRole('grid', { name: 'Layers by time' })).toContainText('Conv');
    await show('Memory');
    await expect(panel.getByRole('region', { name: 'Values over a run' })).toContainText('Most that lives');
    await show('Energy');
    await expect(panel.getByRole('region', { name: 'Energy and carbon' })).toContainText(/≈ .* µJ|≈ .* mJ/u);
  });

  await test.step('the roofline is measured once, and its points are stepped through', async () => {
    await show('Roofline');
    await panel.getByRole('button', { name: 'Measure the machine', exact: true }).click();
    await expect(panel.getByRole('region', { name: 'Roofline', exact: true })).toContainText('Headroom');
    await panel.getByRole('application', { name: /^Roofline of/u }).press('ArrowRight');
    await expect(
      panel.getByRole('grid', { name: 'Layers under the roof' }).locator('[aria-selected=true]'),
    ).toHaveCount(1);
  });

  await test.step('a trace from elsewhere is looked at beside what was measured here', async () => {
    const download = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Download trace' }).click();
    const path = await (await download).path();
    const trace = { name: 'phone.json', mimeType: 'application/json', buffer: readFileSync(path) };
    await panel.getByLabel('Trace to import').setInputFiles(trace);
    await expect(panel.getByText(/^Imported from phone.json/u)).toBeVisible();
    await show('Compare');
    await expect(panel.getByRole('grid', { name: 'Layers of both' })).toContainText('Conv');
    await panel.getByRole('button', { name: 'Back to what was measured here' }).click();
    await expect(panel.getByText('Nothing to compare with')).toBeVisible();
  });
});
