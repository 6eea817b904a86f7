/** Heat maps of quantization: errors of a trial, single layers under schemes, the values of a layer. */
import { expect, type Page } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

const PATIENCE_MS = 120_000;

async function quantized(page: Page) {
  await openSample(page);
  const quantize = await showTask(page, 'Quantize');
  await quantize.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
  await quantize.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(quantize.getByRole('group', { name: 'Expected result' })).not.toContainText('≈', {
    timeout: PATIENCE_MS,
  });
  return quantize;
}

test('errors stand by layer, channel and sample; a cell is picked by keys, and its layer everywhere', async ({
  studioPage: page,
}) => {
  test.setTimeout(2 * PATIENCE_MS);
  const quantize = await quantized(page);
  await quantize.getByRole('button', { name: 'Measure errors' }).click();
  const map = quantize.getByRole('application', { name: /^Quantization errors/u });
  await expect(map).toBeVisible({ timeout: PATIENCE_MS });
  // Which layers are worth integers is measured: one that runs in them is picked.
  const names = quantize.getByRole('table', { name: 'Quantization errors' }).getByRole('rowheader');
  const weights = await names.evaluateAll((headers) => headers.map((one) => one.nextElementSibling?.textContent ?? ''));
  const inIntegers = weights.findIndex((text) => text.includes('dB'));
  await map.focus();
  for (let row = 0; row <= inIntegers; row++) await map.press('ArrowDown');
  await map.press('ArrowRight');
  await map.press('Enter');
  const first = await names.nth(inIntegers).innerText();
  await expect(page.getByRole('grid', { name: 'Layers' }).getByRole('row', { selected: true })).toContainText(first);
  await test.step('its values, with thresholds that move by keys', async () => {
    const upper = quantize.getByRole('slider', { name: 'Upper threshold' });
    await upper.focus();
    await upper.press('Shift+ArrowLeft');
    await expect(quantize.getByRole('button', { name: 'Back to the trial’s range' })).toBeVisible();
    await expect(quantize.getByText(/[−+][\d.]+ dB$/u)).toBeVisible();
  });
  await test.step('by sample and by channel', async () => {
    await quantize.getByRole('radio', { name: 'Samples' }).press('Space');
    await expect(quantize.getByRole('application', { name: /by 32 columns/u })).toBeVisible();
    await quantize.getByRole('radio', { name: 'Channels' }).press('Space');
    await expect(quantize.getByRole('table', { name: 'Quantization errors' })).toContainText(/\d dB/u);
  });
  await test.step('search and export', async () => {
    await quantize.getByRole('textbox', { name: 'Search layers' }).fill(first);
    await expect(quantize.getByRole('application', { name: /: 1 rows/u })).toBeVisible();
    const download = page.waitForEvent('download');
    await quantize.getByRole('button', { name: 'Save the layers' }).click();
    await page.getByRole('menuitem', { name: 'Picture (SVG)' }).click();
    expect((await download).suggestedFilename()).toBe('errors-by-channels.svg');
  });
});

test('each layer is tried alone under every scheme, and a click on a cell is an edit that undo takes back', async ({
  studioPage: page,
}) => {
  test.setTimeout(2 * PATIENCE_MS);
  await openSample(page);
  const quantize = await showTask(page, 'Quantize');
  await quantize.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
  await quantize.getByRole('radio', { name: 'Schemes' }).press('Space');
  await quantize.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(quantize.getByRole('button', { name: 'Measure again' })).toBeVisible({ timeout: PATIENCE_MS });
  // From what the layers lost alone the whole is predicted at once.
  await expect(quantize.getByRole('group', { name: 'Expected result' })).toContainText(
    /SQNR of the outputs\s*≈ [\d.]+ dB/u,
  );
  const map = quantize.getByRole('application', { name: /^Layers under schemes/u });
  await map.focus();
  await map.press('ArrowDown');
  // The seventh column: 16-bit activations.
  for (let column = 0; column < 6; column++) await map.press('ArrowRight');
  await map.press('Enter');
  const choice = page
    .getByRole('grid', { name: 'Layers' })
    .getByRole('combobox', { name: /^Precision of/u })
    .first();
  await expect(choice).toHaveValue('int16');
  await page.keyboard.press('ControlOrMeta+z');
  await expect(choice).toHaveValue('int8');
});
