/**
 * Takes the pictures of the README from the running studio: `npm run pictures`, after a build. A studio on a workspace of
 * its own opens the bundled sample, profiles it, prunes it in steps, makes it int8; then each task is drawn in the theme
 * that its file name says.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Locator, type Page } from '@playwright/test';
import sharp from 'sharp';
import { newFolder, openSample, removeFolder, root, showTask, startStudio } from '../test/e2e/studio-fixture.ts';
import { chromiumLaunchOptions } from '../test/support/chromium.ts';

const FOLDER = join(root, 'docs', 'pictures');
const SIZE = { width: 1440, height: 900 };
/** Percent of the weights, in the slider's large steps; the last ones cost accuracy, so that the trade-off has something to show. */
const SPARSITIES = [20, 40, 50, 60];
/** Of these, the one pruned and made int8, and the one that the slider stands at in the picture. */
const BOTH = 40;
const SHOWN = 50;
/** The heaviest layer of the sample, for the properties. */
const LAYER = '/mix/wide/conv/Conv';
const PATIENCE_MS = 120_000;

const workspace = newFolder();
const studio = await startStudio(workspace);
const browser = await chromium.launch(chromiumLaunchOptions());
try {
  const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1, colorScheme: 'light' });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(studio.url);
  await page.getByRole('region', { name: 'Samples' }).getByRole('button').first().waitFor();
  await take(page, 'home', 'light');
  await measure(page);
  await draw(page);
} finally {
  await browser.close();
  await studio.stop();
  removeFolder(workspace);
}

/** Makes what the pictures show: a profile, pruned trials, an int8 trial with its errors. */
async function measure(page: Page): Promise<void> {
  await openSample(page);
  // The browser that draws the pictures needs a core too; on a small machine it would be in the numbers.
  await page.getByRole('button', { name: /^Threads: /u }).click();
  await page.getByRole('menuitemradio', { name: '1', exact: true }).click();
  await page.getByRole('button', { name: 'Profile', exact: true }).click();
  await (await showTask(page, 'Profile')).getByRole('application', { name: /^Timeline/u }).waitFor();

  // All on the same samples, so that the numbers may be compared.
  const tradeoff = await showTask(page, 'Trade-off');
  await tradeoff.getByRole('button', { name: 'Measure accuracy' }).click();
  await tradeoff.getByRole('row', { name: /^Baseline.*%/u }).waitFor();
  for (const percent of SPARSITIES) await pruneTo(page, percent);
  await pruneTo(page, 0);

  const quantize = await showTask(page, 'Quantize');
  await int8Switch(page).press('Space');
  await quantize.getByRole('button', { name: 'Run', exact: true }).click();
  await measured(quantize);
  await quantize.getByRole('button', { name: 'Measure errors' }).click();
  await quantize.getByRole('application', { name: /^Quantization errors/u }).waitFor();

  // Both cuts together, then the cut that the picture of the slider shows.
  await pruneTo(page, BOTH);
  await showTask(page, 'Quantize');
  await int8Switch(page).press('Space');
  await pruneTo(page, SHOWN);
}

/** Draws the tasks, dark ones first so that the theme changes once. */
async function draw(page: Page): Promise<void> {
  await chooseTrial(page, 'Baseline');
  await showTask(page, 'Graph');
  await page.getByRole('radio', { name: 'Time' }).press('Space');
  await selectLayer(page);
  await stillness(page);
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await take(page, 'graph', 'dark');
  await take(page, 'graph', 'light');
  await showTask(page, 'Profile');
  await take(page, 'profile', 'dark');
  await showTask(page, 'Prune');
  await take(page, 'prune', 'dark');
  await chooseTrial(page, /^Int8/iu);
  await showTask(page, 'Compare');
  await page.getByRole('region', { name: 'Numbers side by side' }).waitFor();
  await take(page, 'compare', 'dark');
  await showTask(page, 'Quantize');
  await int8Switch(page).press('Space');
  await moveTo((await showTask(page, 'Prune')).getByRole('slider', { name: 'Sparsity' }), 0);
  await measured(await showTask(page, 'Quantize'));
  await take(page, 'quantize', 'light');
  await showTask(page, 'Trade-off');
  await take(page, 'tradeoff', 'light');
}

async function take(page: Page, name: string, theme: 'dark' | 'light'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor();
  // Toasts tell what just happened; here that was long ago.
  for (const toast of await page.getByRole('button', { name: 'Dismiss' }).all()) await toast.click();
  await page.mouse.move(SIZE.width - 4, 4);
  await stillness(page);
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' });
  mkdirSync(FOLDER, { recursive: true });
  const { size } = await sharp(picture)
    .png({ palette: true, dither: 0, effort: 10 })
    .toFile(join(FOLDER, `${name}-${theme}.png`));
  console.log(`${name}-${theme}.png ${Math.round(size / 1000)} kB`);
}

/** No job runs, nothing is loading and two pictures in a row are the same: layouts have run and canvases are drawn. */
async function stillness(page: Page): Promise<void> {
  await page.getByRole('contentinfo', { name: 'Status' }).getByRole('status').waitFor({ state: 'detached' });
  await page.getByText(/^(Loading|Laying out|Comparing).*…/u).waitFor({ state: 'detached' });
  let before = await page.screenshot({ animations: 'disabled' });
  for (let tries = 0; tries < 40; tries++) {
    const now = await page.screenshot({ animations: 'disabled' });
    if (now.equals(before)) return;
    before = now;
  }
  throw new Error('the studio does not come to rest');
}

/** Prunes to a share of the weights and measures it on all samples; to 0: only moves the slider. */
async function pruneTo(page: Page, percent: number): Promise<void> {
  const prune = await showTask(page, 'Prune');
  await moveTo(prune.getByRole('slider', { name: 'Sparsity' }), percent);
  if (percent === 0) return;
  await measured(prune);
  await prune.getByRole('button', { name: 'Measure on all samples' }).click();
  await prune.getByRole('button', { name: 'Cancel', exact: true }).waitFor();
  await prune.getByRole('button', { name: 'Measure on all samples' }).waitFor();
}

function int8Switch(page: Page): Locator {
  return page.getByRole('switch', { name: 'Int8 (static)' });
}

/** Moves a slider with the keyboard, from its start in steps of 5 %. */
async function moveTo(slider: Locator, percent: number): Promise<void> {
  await slider.press('Home');
  for (let at = 0; at < percent; at += 5) await slider.press('PageUp');
}

/** Waits until nothing of a task's result is a prediction any more. */
async function measured(panel: Locator): Promise<void> {
  await panel.getByRole('group', { name: 'Expected result' }).filter({ hasNotText: '≈' }).waitFor();
}

async function chooseTrial(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: /^Trial: /u }).click();
  await page.getByRole('menuitemradio', { name }).first().click();
}

async function selectLayer(page: Page): Promise<void> {
  const search = page.getByRole('combobox', { name: 'Search layers' });
  await search.fill(`"${LAYER}"`);
  await search.press('Enter');
  await page.getByRole('region', { name: 'Properties' }).getByText(LAYER).first().waitFor();
  await search.fill('');
  await search.blur();
}
