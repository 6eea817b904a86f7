/** Pruning whole channels: chosen, slid to half of the work, predicted in the same move, measured, compared; by keyboard. */
import { expect, type Locator, type Page } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

/** Making, evaluating and timing a trial on a busy machine. */
const PATIENCE_MS = 120_000;

async function pruneChannels(page: Page): Promise<Locator> {
  const prune = await showTask(page, 'Prune');
  await prune.getByRole('toolbar', { name: 'Pruning' }).getByRole('combobox', { name: 'What is removed' }).click();
  await page.getByRole('option', { name: 'Channels' }).click();
  await expect(prune.getByRole('slider', { name: 'Keep', exact: true })).toBeVisible();
  return prune;
}

/** Ten large steps down from everything: 50 %. */
async function slideToHalf(slider: Locator): Promise<void> {
  await slider.focus();
  for (let step = 0; step < 10; step++) await slider.press('PageDown');
  await expect(slider).toHaveAttribute('aria-valuenow', '50');
}

test('half of the MACs go: predicted at once, then measured, then compared', async ({ studioPage: page }) => {
  test.setTimeout(2 * PATIENCE_MS);
  await openSample(page);
  const prune = await pruneChannels(page);
  const figures = prune.getByRole('group', { name: 'Expected result' });
  const groups = prune.getByRole('grid', { name: 'Groups of channels' });
  await test.step('the slider predicts work, parameters and size, and admits that accuracy is not known', async () => {
    await expect(groups.getByRole('row', { name: /\/stem\/conv\/Conv.*16 \/ 16/u })).toBeVisible();
    await slideToHalf(prune.getByRole('slider', { name: 'Keep', exact: true }));
    await expect(figures).toContainText(/MACs≈ 8\.\d+ Mof 17\.4 M · 4\d(\.\d)? %/u);
    await expect(figures).toContainText('not known until measured');
    await expect(
      page.getByRole('grid', { name: 'Layers' }).getByRole('row', { name: /\/stem\/conv\/Conv/u }),
    ).toContainText('16 → 8');
  });
  await test.step('the measured trial takes the place of the prediction', async () => {
    await expect(figures).not.toContainText('≈', { timeout: PATIENCE_MS });
    await expect(figures).not.toContainText('not known until measured');
    await expect(figures).toContainText(/MACs8\.\d+ M/u);
  });
  await test.step('and stands beside the baseline with fewer MACs', async () => {
    const compare = await showTask(page, 'Compare');
    await expect(compare.getByRole('row', { name: /MACs 17\.4 M 8\.\d+ M/u })).toBeVisible();
  });
});

test('a group’s own width is set, kept in the recipe and let go by the keyboard', async ({ studioPage: page }) => {
  await openSample(page);
  const prune = await pruneChannels(page);
  await slideToHalf(prune.getByRole('slider', { name: 'Keep', exact: true }));
  const width = prune.getByRole('slider', { name: 'Kept of /stem/conv/Conv' });
  await expect(width).toHaveAttribute('aria-valuetext', '8 of 16');
  await width.focus();
  await width.press('ArrowRight');
  await expect(width).toHaveAttribute('aria-valuetext', '16 of 16, set by hand');
  await width.press('Shift+ArrowLeft');
  await expect(width).toHaveAttribute('aria-valuetext', '15 of 16, set by hand');
  const recipe = page.getByRole('region', { name: 'Recipe' });
  await expect(recipe.getByRole('textbox', { name: 'Kept widths, /stem/conv/Conv' })).toHaveValue('15');
  await width.press('Delete');
  await expect(width).toHaveAttribute('aria-valuetext', '8 of 16');
  await prune.getByRole('button', { name: 'Add repair' }).click();
  await expect(recipe.getByRole('button', { name: /^Step 2\. Repair/u })).toBeVisible();
  await expect(prune.getByRole('button', { name: 'Add repair' })).toHaveCount(0);
});

test('a layer that is left alone keeps its group whole, and a frozen one says why', async ({ studioPage: page }) => {
  await openSample(page);
  const prune = await pruneChannels(page);
  await slideToHalf(prune.getByRole('slider', { name: 'Keep', exact: true }));
  const layers = page.getByRole('grid', { name: 'Layers' });
  await layers.getByRole('checkbox', { name: 'Prune /stem/conv/Conv' }).click();
  await expect(prune.getByRole('slider', { name: 'Kept of /stem/conv/Conv' })).toBeDisabled();
  await expect(layers.getByRole('row', { name: /\/stem\/conv\/Conv/u })).not.toContainText('→');
  await prune.getByRole('textbox', { name: 'Filter groups' }).fill('fc');
  await expect(prune.getByRole('grid', { name: 'Groups of channels' })).toContainText(
    "'logits' is an output of the model",
  );
});

test('a target below the narrowest widths says how far they get', async ({ studioPage: page }) => {
  await openSample(page);
  const prune = await pruneChannels(page);
  const slider = prune.getByRole('slider', { name: 'Keep', exact: true });
  await slider.focus();
  await slider.press('Home');
  await expect(prune.getByText(/The narrowest widths keep [\d.]+ % of the MACs/u)).toBeVisible();
});

test('the sensitivity of groups is measured, and a click on a cell makes that cut', async ({ studioPage: page }) => {
  test.setTimeout(2 * PATIENCE_MS);
  await openSample(page);
  const prune = await pruneChannels(page);
  await prune.getByRole('radio', { name: 'Sensitivity' }).press('Space');
  await prune.getByRole('button', { name: 'Measure', exact: true }).click();
  const map = prune.getByRole('application', { name: /^Sensitivity of groups/u });
  await map.focus({ timeout: PATIENCE_MS });
  // The first group; its last column keeps a quarter.
  await expect(prune.getByRole('row', { name: /^\/stem\/conv\/Conv 16 \/ 16( \S+){6}$/u })).toHaveCount(1, {
    timeout: PATIENCE_MS,
  });
  await map.press('ArrowDown');
  for (let column = 0; column < 6; column++) await map.press('ArrowRight');
  await map.press('Enter');
  await prune.getByRole('radio', { name: 'Groups' }).press('Space');
  await expect(prune.getByRole('slider', { name: 'Kept of /stem/conv/Conv' })).toHaveAttribute(
    'aria-valuetext',
    '4 of 16, set by hand',
  );
  await test.step('the graph is coloured by it', async () => {
    const graph = await showTask(page, 'Graph');
    await graph.getByRole('radio', { name: 'Sensitivity' }).press('Space');
    await expect(graph.getByRole('region', { name: 'Legend' })).toContainText(
      /Loss at half of the channels.*each group cut alone by l2/su,
    );
  });
});

test('the layers of a group light up as one when it is pointed at', async ({ studioPage: page }) => {
  await openSample(page);
  const prune = await pruneChannels(page);
  const groups = prune.getByRole('grid', { name: 'Groups of channels' });
  const lit = page.getByRole('grid', { name: 'Layers' }).locator('[data-hover="true"]');
  await groups.getByRole('row', { name: /\/stem\/conv\/Conv/u }).hover();
  // It gives the channels, and two layers take them.
  await expect(lit.filter({ hasText: '/stem/conv/Conv' })).toHaveCount(1);
  await expect(lit.filter({ hasText: '/stage1/stage1.0/conv1/Conv' })).toHaveCount(1);
  await groups.getByRole('row', { name: /\/stage1\/stage1\.1\/conv1\/Conv/u }).hover();
  await expect(lit.filter({ hasText: '/stem/conv/Conv' })).toHaveCount(0);
});

test('a latency is aimed at once widths were timed, and what obs will do is guessed from the sensitivity', async ({
  studioPage: page,
}) => {
  test.setTimeout(3 * PATIENCE_MS);
  await openSample(page);
  const prune = await pruneChannels(page);
  const figures = prune.getByRole('group', { name: 'Expected result' });
  const choose = (label: string): Promise<void> => prune.locator('label').filter({ hasText: label }).first().click();
  const idle = (): Promise<void> => expect(prune.getByRole('progressbar')).toHaveCount(0, { timeout: PATIENCE_MS });
  await test.step('before, no latency is predicted; after, the slider says how much of it is reached', async () => {
    await choose('Latency');
    await prune.getByRole('button', { name: 'Time widths' }).click();
    await expect(prune.getByRole('button', { name: 'Time again' })).toBeVisible({ timeout: PATIENCE_MS });
    await slideToHalf(prune.getByRole('slider', { name: 'Keep', exact: true }));
    await expect(prune).toContainText(/≈ \d+(\.\d+)? % reached|% at least/u);
    await expect(figures).toContainText(/Latency \(p50\)≈ \d/u);
    await prune.getByRole('button', { name: 'Cancel' }).click();
  });
  await test.step('obs shows the same share everywhere at first, and its own channels once groups were cut alone', async () => {
    await choose('MACs');
    await prune.getByRole('combobox', { name: 'Which go first' }).click();
    await page.getByRole('option', { name: 'What can be made up for' }).click();
    await expect(prune).toContainText('Shown is the same share of each group');
    // Asked by what they can make up for, groups are also weighed against low rank.
    await expect(prune.getByRole('switch', { name: 'Low rank too' })).not.toBeChecked();
    await choose('Sensitivity');
    await prune.getByRole('button', { name: 'Measure', exact: true }).click();
    await idle();
    await choose('Groups');
    await expect(prune).toContainText('a guess from the measured sensitivity');
    await expect(prune).not.toContainText('told by the cut');
  });
});
