/** The search for precisions from Trade-off. */
import { expect } from '@playwright/test';
import { openSample, showTask, test } from './studio-fixture.ts';

test('one button searches for precisions; its trials stay when it is cancelled, and it says what keeps the floor', async ({
  studioPage: page,
}) => {
  test.slow();
  await openSample(page);
  const tradeoff = await showTask(page, 'Trade-off');
  const search = tradeoff.getByRole('toolbar', { name: 'Search' });
  await search.getByLabel('Points of accuracy that may be lost').fill('100');
  const start = search.getByRole('button', { name: 'Make it as fast as possible' });
  await start.click();
  await expect(tradeoff.getByText(/^Search: all in int8/u).first()).toBeVisible({ timeout: 120_000 });
  await search.getByRole('button', { name: 'Cancel' }).click();
  await expect(search.getByText('Cancelled; what was measured before stays.')).toBeVisible();
  await expect(tradeoff.getByText(/^Search: all in int8/u).first()).toBeVisible();
  await tradeoff.getByRole('radiogroup', { name: 'Cost' }).getByText('Size').click();
  await expect(search.getByRole('button', { name: 'Make it as small as possible' })).toBeEnabled();
});
