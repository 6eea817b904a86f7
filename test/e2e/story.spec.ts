/** The main job on the bundled sample, as a user of the browser does it: open, see, measure, trim, compare, export. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { cli, openSample, root, showTask, startStudio, test } from './studio-fixture.ts';

const SAMPLE = join(root, 'resources', 'samples', 'glyph-cnn.onnx');
const CALIBRATION = join(root, 'resources', 'samples', 'glyphs-validation.npz');

test('open, profile, prune, quantize, compare and export; everything is there after a reload and a restart', async ({
  studioPage: page,
  studio,
}, info) => {
  await test.step('the sample opens as a graph', async () => {
    await openSample(page);
    await expect(page.getByRole('img', { name: /^Graph of \d+ layers/u })).toBeVisible();
    await expect(page.getByRole('grid', { name: 'Layers' }).getByRole('row')).not.toHaveCount(0);
  });

  await test.step('a profile colours the layers by their time and writes the numbers down', async () => {
    await page.getByRole('button', { name: 'Profile', exact: true }).click();
    await page.getByRole('radio', { name: 'Time' }).press('Space');
    const legend = page.getByRole('region', { name: 'Legend' });
    await expect(legend.getByText('Time', { exact: true })).toBeVisible();
    await expect(legend.getByText(/^Baseline on CPU, \d+ threads?, batch 1$/u)).toBeVisible();
    await expect.poll(() => numberIn(legend.getByLabel('Greatest value of the scale'))).toBeGreaterThan(0);
    // The heaviest layers of this model are convolutions: their row carries a time.
    await expect(layerRow(page, 'Conv').first()).toContainText(/\d\s(ms|µs)/u);

    const panel = await showTask(page, 'Profile');
    await expect(panel.getByRole('region', { name: 'Latency' })).toContainText(/p50/u);
    await expect(panel.getByRole('application', { name: /^Timeline: \d+ kernels/u })).toBeVisible();
  });

  await test.step('the slider predicts at once and the measurement replaces the prediction', async () => {
    const panel = await showTask(page, 'Prune');
    const result = panel.getByRole('group', { name: 'Expected result' });
    const slider = panel.getByRole('slider', { name: 'Sparsity' });
    await panel.getByRole('button', { name: 'Measure baseline' }).click();
    await expect(panel.getByRole('button', { name: 'Measure baseline' })).toHaveCount(0);
    await slider.focus();
    for (let step = 0; step < 20; step++) await slider.press('ArrowRight');
    await expect(slider).toHaveAttribute('aria-valuenow', '20');
    await expect(result).toContainText('≈');
    await expect(result).not.toContainText('≈');
    await expect(figure(result, 'Top-1 accuracy')).toContainText(/\d\s%/u);
    await expect(figure(result, 'Latency (p50)')).toContainText(/\d\s(ms|µs)/u);
    await expect(figure(result, 'Sparsity reached')).toContainText('20');
  });

  await test.step('int8 is run and measured', async () => {
    const panel = await showTask(page, 'Quantize');
    const result = panel.getByRole('group', { name: 'Expected result' });
    await panel.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
    await expect(result).toContainText('≈');
    await panel.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(result).not.toContainText('≈');
    await expect(figure(result, 'Top-1 accuracy')).toContainText(/\d\s%/u);
    await expect(figure(result, 'Fused layers')).toContainText(/\d\s%/u);
  });

  await test.step('the error of every layer is measured and drawn', async () => {
    const panel = page.getByRole('tabpanel', { name: 'Quantize' });
    await panel.getByRole('button', { name: 'Measure errors' }).click();
    await expect(panel.getByRole('application', { name: /^Quantization errors: \d+ rows by 6/u })).toBeVisible();
    await expect(panel.getByRole('table', { name: 'Quantization errors' })).toContainText(/\d\sdB/u);
  });

  await test.step('every trial is a point of the trade-off, and one is chosen', async () => {
    const panel = await showTask(page, 'Trade-off');
    // Measured on more and more samples until they are all, as int8 was: then they are compared.
    await expect(panel.getByRole('button', { name: /%/u })).toHaveCount(3);
    const int8 = panel.getByRole('button', { name: /int8.*%/iu });
    await int8.focus();
    await int8.press('Enter');
    await expect(int8).toHaveAttribute('aria-pressed', 'true');
    await expect(panel.getByRole('complementary', { name: 'Shown trial' })).toContainText(/int8/iu);
  });

  await test.step('it stands beside the baseline', async () => {
    const panel = await showTask(page, 'Compare');
    const numbers = panel.getByRole('region', { name: 'Numbers side by side' });
    await expect(numbers.getByRole('row', { name: /Top-1/u })).toContainText('%');
    await expect(numbers.getByRole('row', { name: /^Latency \(p50\)/u })).toContainText('×');
    await expect(numbers.getByRole('row', { name: /size/iu })).toContainText('smaller');
  });

  await test.step('it is exported, and the command line makes the same bytes from its recipe', async () => {
    const panel = await showTask(page, 'Export');
    await panel.getByRole('textbox', { name: 'File name' }).fill('winner');
    await panel.getByRole('button', { name: 'Export', exact: true }).click();
    const files = panel.getByRole('status', { name: 'Exported files' });
    const model = await download(page, files, 'winner.onnx', info.outputPath('winner.onnx'));
    const recipe = await download(page, files, 'winner.recipe.json', info.outputPath('winner.recipe.json'));
    const report = await download(page, files, 'winner.report.html', info.outputPath('winner.report.html'));
    expect(readFileSync(report, 'utf8')).toContain('<!doctype html>');
    const made = info.outputPath('made.onnx');
    const args = ['apply', SAMPLE, '-o', made, '--recipe', recipe, '--data', CALIBRATION, '--json'];
    execFileSync(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    expect(readFileSync(made).equals(readFileSync(model))).toBe(true);
  });

  await test.step('a reload shows what was there', async () => {
    await page.reload();
    await expect(page).toHaveTitle(/glyph-cnn/u);
    await expectThreeTrials(page);
  });

  await test.step('another studio on the same workspace has it too', async () => {
    await studio.stop();
    const again = await startStudio(studio.workspace);
    try {
      await page.goto(again.url);
      await expect(page).toHaveTitle(/glyph-cnn/u);
      await expectThreeTrials(page);
      const panel = await showTask(page, 'Profile');
      await page.getByRole('button', { name: /^Trial: / }).click();
      await page.getByRole('menuitemradio', { name: /^Baseline/u }).click();
      await expect(panel.getByRole('application', { name: /^Timeline: \d+ kernels/u })).toBeVisible();
    } finally {
      await again.stop();
    }
  });
});

/** One number of a task's result, by its label. */
function figure(result: Locator, label: string): Locator {
  return result.locator(':scope > *').filter({ has: result.page().getByText(label, { exact: true }) });
}

function layerRow(page: Page, op: string): Locator {
  return page
    .getByRole('grid', { name: 'Layers' })
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell', { name: op, exact: true }) });
}

/** The number that a field holds, whatever its unit. */
async function numberIn(field: Locator): Promise<number> {
  return Number.parseFloat(await field.inputValue());
}

async function expectThreeTrials(page: Page): Promise<void> {
  const panel = await showTask(page, 'Trade-off');
  await expect(panel.getByRole('button', { name: /%/u })).toHaveCount(3);
}

/** Downloads one of the exported files and returns where it lies. */
async function download(page: Page, files: Locator, name: string, path: string): Promise<string> {
  const row = files.getByRole('row', { name });
  const [event] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(event.suggestedFilename()).toBe(name);
  await event.saveAs(path);
  return path;
}
