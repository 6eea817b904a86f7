/** Pruning of single weights in the window: which settings there are follows from those before, and what is not known is not told. */
import { expect } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

test('a pattern has no sparsity to slide; its zeros are predicted, its accuracy is not', async ({
  studioPage: page,
}) => {
  await openSample(page);
  const panel = await showTask(page, 'Prune');
  const toolbar = panel.getByRole('toolbar', { name: 'Pruning' });
  const slider = panel.getByRole('slider', { name: 'Sparsity' });
  const result = panel.getByRole('group', { name: 'Expected result' });
  await slider.focus();
  await slider.press('PageUp');
  await expect(result).toContainText('≈');

  await test.step('2 of 4 weights', async () => {
    await toolbar.getByRole('combobox', { name: 'What is removed' }).click();
    await page.getByRole('option', { name: '2 of 4 weights' }).click();
    await expect(slider).toHaveCount(0);
    await expect(toolbar.getByText('Scope')).toHaveCount(0);
    await expect(result).toContainText(/≈\s?4\d(\.\d)?\s%/u);
  });
  await test.step('by scores from data: their settings come, and data to calibrate on', async () => {
    await toolbar.getByRole('combobox', { name: 'Score' }).click();
    await page.getByRole('option', { name: 'SparseGPT' }).click();
    await expect(toolbar.getByRole('textbox', { name: 'Calibration samples' })).toHaveValue('128');
  });
  await test.step('single weights again: the slider is back where recipes begin', async () => {
    await toolbar.getByRole('combobox', { name: 'What is removed' }).click();
    await page.getByRole('option', { name: 'Single weights' }).click();
    await expect(slider).toBeVisible();
  });
});
