/** The doctor: a model with faults is examined, a layer of a finding picked, a fix put into the recipe, undone and run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { quantizedConv } from '../support/quantized-graphs.ts';
import { openSample, showTask, test } from './studio-fixture.ts';

test('finds what keeps a layer in float, and mends it', async ({ studioPage: page, workspace }) => {
  const path = join(workspace, 'careless.onnx');
  writeFileSync(path, encodeModelBytes(quantizedConv({ biasFactor: 2, activation: 'Relu' })));
  await page.getByLabel('Model to upload').setInputFiles(path);
  await expect(page).toHaveTitle(/careless/u);
  const doctor = await showTask(page, 'Doctor');
  const floats = doctor.getByRole('article', { name: 'Layer stays in float between codes' });
  await test.step('a quick look tells what the file tells', async () => {
    await doctor.getByRole('button', { name: 'Quick look' }).click();
    await expect(floats).toContainText('from the file');
    await expect(floats).toContainText('the bias does not have the scale of data times weights');
  });
  await test.step('an examination runs it', async () => {
    await doctor.getByRole('button', { name: 'Examine', exact: true }).click();
    await expect(floats).toContainText('measured here', { timeout: 60_000 });
    await expect(doctor).toContainText('0 of 1 layers beside codes run as integer kernels');
  });
  await test.step('a layer of a finding is picked everywhere', async () => {
    await floats.getByRole('button', { name: 'conv', exact: true }).click();
    await expect(page.getByRole('grid', { name: 'Layers' }).getByRole('row', { selected: true })).toContainText('conv');
  });
  const recipe = page.getByRole('region', { name: 'Recipe' });
  await test.step('its fix goes into the recipe, and undo takes it back', async () => {
    await floats.getByRole('button', { name: 'Apply fix' }).click();
    await expect(recipe.getByRole('button', { name: /Let integer kernels fuse/u })).toBeVisible();
    await expect(floats.getByRole('button', { name: 'In the recipe' })).toBeDisabled();
    await recipe.getByRole('button', { name: 'Undo' }).click();
    await expect(recipe.getByRole('button', { name: /Let integer kernels fuse/u })).toHaveCount(0);
    await floats.getByRole('button', { name: 'Apply fix' }).click();
  });
});

test('says that nothing was found in a sound model, and keeps that over a reload', async ({ studioPage: page }) => {
  await openSample(page);
  const doctor = await showTask(page, 'Doctor');
  await expect(doctor).toContainText('Not examined yet');
  await doctor.getByRole('button', { name: 'Quick look' }).click();
  await expect(doctor).toContainText('checks without running the model');
  const errors = doctor.getByRole('region', { name: 'Errors' });
  await expect(errors).toHaveCount(0);
  await page.reload();
  await expect(await showTask(page, 'Doctor')).toContainText('checks without running the model');
});

test('examines what a recipe made', async ({ studioPage: page }) => {
  await openSample(page);
  const quantize = await showTask(page, 'Quantize');
  await quantize.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
  await quantize.getByRole('button', { name: 'Run', exact: true }).click();
  // The button comes back when the trial is made and measured; it is the shown one then.
  await expect(quantize.getByRole('status')).toBeVisible();
  await expect(quantize.getByRole('button', { name: 'Run', exact: true })).toBeVisible({ timeout: 90_000 });
  // After a reload it is still the one that is looked at.
  const chooser = page.getByRole('button', { name: /^Trial/u });
  await expect(chooser).toContainText('int8');
  await page.reload();
  await expect(chooser).toContainText('int8');
  const doctor = await showTask(page, 'Doctor');
  await expect(doctor).toContainText('Not examined yet');
  await doctor.getByRole('button', { name: 'Examine now' }).click();
  await expect(doctor).toContainText(/\d+ of \d+ layers beside codes run as integer kernels/u, { timeout: 90_000 });
  await expect(doctor).toContainText(/checks on .*samples/u);
  await expect(doctor.getByRole('region', { name: 'Errors' })).toHaveCount(0);
});
