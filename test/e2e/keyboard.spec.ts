/** Everything by the keyboard: no pointer is used here. */
import { expect, type Locator, type Page } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

const TASKS = ['Graph', 'Profile', 'Doctor', 'Quantize', 'Prune', 'Distill', 'Trade-off', 'Compare', 'Export'];

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 120; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target, 'reachable by Tab').toBeFocused();
}

test('a sample is opened, the tasks are gone through and the palette runs commands by the keyboard', async ({
  studioPage: page,
}) => {
  await test.step('Tab reaches the sample, Enter opens it', async () => {
    await tabTo(page, page.getByRole('region', { name: 'Samples' }).getByRole('button', { name: /CNN/u }));
    await page.keyboard.press('Enter');
    await expect(page).toHaveTitle(/glyph-cnn/u);
  });
  await test.step('the arrows go through the tasks', async () => {
    await tabTo(page, page.getByRole('tab', { name: 'Graph', exact: true }));
    for (const task of TASKS.slice(1)) {
      await page.keyboard.press('ArrowRight');
      await expect(page.getByRole('tab', { name: task, exact: true })).toHaveAttribute('aria-selected', 'true');
      await expect(page.getByRole('tabpanel', { name: task })).toBeVisible();
    }
  });
  await test.step('Alt and a number go to a task', async () => {
    for (const [index, task] of TASKS.entries()) {
      await page.keyboard.press(`Alt+${index + 1}`);
      await expect(page.getByRole('tab', { name: task, exact: true })).toHaveAttribute('aria-selected', 'true');
    }
  });
  await test.step('the palette opens with Ctrl+K and runs what is typed', async () => {
    for (const theme of ['dark', 'light']) {
      await page.keyboard.press('ControlOrMeta+k');
      const palette = page.getByRole('textbox', { name: 'Command palette' });
      await expect(palette).toBeFocused();
      await page.keyboard.type(`theme: ${theme}`);
      await page.keyboard.press('Enter');
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme);
      await expect(palette).toHaveCount(0);
    }
  });
  await test.step('? shows the keys', async () => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard and search' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
  await test.step('Ctrl+F finds a layer, Enter selects it', async () => {
    await page.keyboard.press('Alt+1');
    await page.keyboard.press('ControlOrMeta+f');
    await expect(page.getByRole('combobox', { name: 'Search layers' })).toBeFocused();
    await page.keyboard.type('op:Gemm');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('region', { name: 'Properties' })).toContainText('/fc/Gemm');
  });
});

test('edits of the recipe are undone and done again', async ({ studioPage: page }) => {
  await openSample(page);
  const panel = await showTask(page, 'Prune');
  const slider = panel.getByRole('slider', { name: 'Sparsity' });
  const int8 = page.getByRole('switch', { name: 'Int8 (static)' });
  await slider.focus();
  await slider.press('ArrowRight');
  await slider.press('ArrowRight');
  await expect(slider).toHaveAttribute('aria-valuenow', '2');
  await showTask(page, 'Quantize');
  await int8.press('Space');
  await expect(int8).toBeChecked();

  await page.getByRole('tab', { name: 'Quantize', exact: true }).focus();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(int8).not.toBeChecked();
  await page.keyboard.press('ControlOrMeta+z');
  await showTask(page, 'Prune');
  await expect(slider).toHaveAttribute('aria-valuenow', '1');
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await expect(slider).toHaveAttribute('aria-valuenow', '2');
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await showTask(page, 'Quantize');
  await expect(int8).toBeChecked();
});
