/** What the window keeps of itself belongs to the workspace, not to the port that it was served on. */
import { expect } from '@playwright/test';
import { openSample, showTask, startStudio, test } from './studio-fixture.ts';

test('another browser on another port finds the window as it was left', async ({
  studioPage: page,
  studio,
  browser,
}) => {
  await openSample(page);
  await showTask(page, 'Quantize');
  await page.close();
  await studio.stop();
  const again = await startStudio(studio.workspace);
  try {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(again.url);
    await expect(other.getByRole('tab', { name: 'Quantize', exact: true })).toHaveAttribute('aria-selected', 'true');
    await context.close();
  } finally {
    await again.stop();
  }
});
