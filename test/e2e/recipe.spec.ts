/** The recipe is a list, the same in every task: added to, reordered, switched off, undone, there after a reload. */
import { expect, type Locator, type Page } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

function steps(page: Page): Locator {
  return page.getByRole('region', { name: 'Recipe' }).getByRole('button', { name: /^Step \d/u });
}

async function addStep(page: Page, name: RegExp): Promise<void> {
  const recipe = page.getByRole('region', { name: 'Recipe' });
  await recipe.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name }).click();
}

test('steps are added, set, moved by the keyboard, switched off and undone', async ({ studioPage: page }) => {
  await openSample(page);
  const recipe = page.getByRole('region', { name: 'Recipe' });
  await test.step('three steps, two of one kind', async () => {
    await addStep(page, /^Prune/u);
    await addStep(page, /^Prune/u);
    const sparsity = recipe.getByRole('textbox', { name: 'Sparsity' });
    await sparsity.fill('10');
    await sparsity.press('Enter');
    await addStep(page, /^(Quantize|Int8)/u);
    await expect(steps(page)).toHaveCount(3);
    await expect(steps(page).nth(1)).toHaveAccessibleName(/10 %/u);
  });
  await test.step('Alt and an arrow move a step', async () => {
    await steps(page).nth(1).focus();
    await page.keyboard.press('Alt+ArrowUp');
    await expect(steps(page).first()).toHaveAccessibleName(/10 %/u);
  });
  await test.step('a step that is switched off keeps its settings', async () => {
    await recipe.getByRole('switch', { name: 'Apply step 1' }).press('Space');
    await expect(steps(page).first()).toHaveAccessibleName(/10 %.*switched off/u);
  });
  await test.step('it is the same in every task, and after a reload', async () => {
    await showTask(page, 'Trade-off');
    await expect(steps(page)).toHaveCount(3);
    await page.reload();
    await expect(page).toHaveTitle(/glyph-cnn/u);
    await expect(steps(page)).toHaveCount(3);
    await expect(steps(page).first()).toHaveAccessibleName(/10 %.*switched off/u);
  });
  await test.step('Delete removes a step, and undo brings it back', async () => {
    await steps(page).nth(2).focus();
    await page.keyboard.press('Delete');
    await expect(steps(page)).toHaveCount(2);
    await recipe.getByRole('button', { name: 'Undo' }).click();
    await expect(steps(page)).toHaveCount(3);
  });
});

test('panels fold to their names and open again, each task for itself', async ({ studioPage: page }) => {
  await openSample(page);
  await showTask(page, 'Prune');
  await page.getByRole('button', { name: 'Fold Layers' }).click();
  await expect(page.getByRole('grid', { name: 'Layers' })).toHaveCount(0);
  await showTask(page, 'Graph');
  await expect(page.getByRole('grid', { name: 'Layers' })).toBeVisible();
  await showTask(page, 'Prune');
  await page.getByRole('button', { name: 'Open Layers' }).click();
  await expect(page.getByRole('grid', { name: 'Layers' }).getByRole('columnheader', { name: 'Kept' })).toBeVisible();
});
