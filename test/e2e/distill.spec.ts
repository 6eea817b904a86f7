/** Distillation: a pruned sample learns back; it is watched, paused, ended by hand, and compared. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

/** Preparing, training and measuring on a busy machine. */
const PATIENCE_MS = 240_000;

/** The sample with half of its weights pruned in the recipe, and the task that trains it. */
async function openPruned(page: Page) {
  await openSample(page);
  await test.step('half of the weights go by magnitude', async () => {
    const prune = await showTask(page, 'Prune');
    const slider = prune.getByRole('slider').first();
    await slider.focus();
    for (let step = 0; step < 6; step++) await slider.press('PageUp');
  });
  const distill = await showTask(page, 'Distill');
  const toolbar = distill.getByRole('toolbar', { name: 'Distillation' });
  const figures = distill.getByRole('group', { name: 'Training' });
  return { distill, toolbar, figures };
}

test('a pruned model is trained towards its original, paused, and kept', async ({ studioPage: page }) => {
  test.setTimeout(2 * PATIENCE_MS);
  const { distill, toolbar, figures } = await openPruned(page);
  await expect(distill).toContainText('Nothing was trained yet');
  await test.step('Run adds the step and begins to train', async () => {
    await toolbar.getByRole('button', { name: 'Run' }).click();
    const recipe = page.getByRole('region', { name: 'Recipe' });
    await expect(recipe.getByRole('button', { name: /Distill/u }).first()).toBeVisible();
    await expect(toolbar.getByRole('button', { name: 'Pause' })).toBeVisible({ timeout: PATIENCE_MS });
    await expect(figures).toContainText(/Step\d/u);
  });
  await test.step('it waits, and goes on', async () => {
    await toolbar.getByRole('button', { name: 'Pause' }).click();
    await expect(figures).toContainText('paused', { timeout: PATIENCE_MS });
    await toolbar.getByRole('button', { name: 'Resume' }).click();
    await expect(figures).toContainText('training', { timeout: PATIENCE_MS });
  });
  await test.step('what was best so far becomes the trial', async () => {
    await expect(distill.getByRole('img', { name: /^Loss over \d+ steps/u })).toBeVisible();
    await toolbar.getByRole('button', { name: 'Keep the best' }).click();
    await expect(figures).toContainText(/stopped early by hand|done/u, { timeout: PATIENCE_MS });
    await expect(toolbar.getByRole('button', { name: 'Run' })).toBeVisible({ timeout: PATIENCE_MS });
    await expect(distill.getByRole('list', { name: 'Error of each layer' }).getByRole('listitem')).not.toHaveCount(0);
  });
});

test('a training whose runner is killed goes on where it was, and a cancelled one leaves its best', async ({
  studioPage: page,
  studio,
}) => {
  test.setTimeout(3 * PATIENCE_MS);
  const { toolbar, figures } = await openPruned(page);
  const run = toolbar.getByRole('button', { name: 'Run' });
  await test.step('it keeps a checkpoint, then its runner dies', async () => {
    await run.click();
    await expect(figures).toContainText('training', { timeout: PATIENCE_MS });
    await expect(figures).toContainText('estimated for a step');
    const kept = join(studio.workspace, 'trainings');
    const isKept = (): boolean => existsSync(kept) && readdirSync(kept).some((name) => name.endsWith('.checkpoint'));
    await expect.poll(isKept, { timeout: PATIENCE_MS }).toBe(true);
    for (const pid of studio.runnerPids()) process.kill(pid, 'SIGKILL');
    await expect(run).toBeVisible({ timeout: PATIENCE_MS });
    await expect(figures).toContainText('broken off; Run goes on from its last checkpoint');
  });
  await test.step('Run goes on from there', async () => {
    const before = await stepIn(figures);
    await run.click();
    await expect.poll(() => stepIn(figures), { timeout: PATIENCE_MS }).toBeGreaterThan(before);
  });
  await test.step('cancelled, its best state becomes the trial', async () => {
    await toolbar.getByRole('button', { name: 'Cancel' }).click();
    await expect(figures).toContainText('stopped early by hand', { timeout: PATIENCE_MS });
    await expect(run).toBeVisible({ timeout: PATIENCE_MS });
  });
});

/** The step that a training is at, as the figures tell it. */
async function stepIn(figures: Locator): Promise<number> {
  return Number(/Step(\d+) of/u.exec((await figures.textContent()) ?? '')?.[1] ?? 0);
}
