/** What goes wrong: broken files, cancelled jobs, processes that die in the middle of their work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import type { Model, Tensor } from '../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { graph } from '../support/graph-builder.ts';
import { smallCnn } from '../support/sample-graphs.ts';
import { openSample, showTask, test } from './studio-fixture.ts';

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;
const JPEG_START = [0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46, 0, 1];

const BROKEN: readonly (readonly [file: string, bytes: () => Uint8Array, says: RegExp])[] = [
  ['empty.onnx', () => new Uint8Array(0), /empty/iu],
  ['truncated.onnx', () => encodeModelBytes(smallCnn()).subarray(0, 400), /truncated|ends|not an ONNX/iu],
  ['photo.onnx', () => new Uint8Array([...JPEG_START, ...new Uint8Array(2000)]), /JPEG/iu],
  ['pointer.onnx', () => Buffer.from(LFS_POINTER), /LFS/iu],
];

/** A model whose weights lie in a file that is not there. */
function withMissingWeights(): Model {
  const model = smallCnn();
  const initializers = model.graph.initializers.map((tensor): Tensor => ({
    ...tensor,
    storage: { kind: 'external', directory: '', location: 'weights.bin', offset: 0, length: undefined, extra: [] },
  }));
  return { ...model, graph: { ...model.graph, initializers } };
}

test('says of each broken file what is wrong with it, once, and stays usable', async ({
  studioPage: page,
  workspace,
}) => {
  for (const [file, bytes, says] of BROKEN) {
    await test.step(file, async () => {
      const path = join(workspace, file);
      writeFileSync(path, bytes());
      await page.getByLabel('Model to upload').setInputFiles(path);
      await expect(page.getByRole('alert').filter({ hasText: says })).toHaveCount(1);
      await expect(page.getByRole('alert')).toHaveCount(1);
    });
  }
  await openSample(page);
  await expect(page.getByRole('img', { name: /^Graph of \d+ layers/u })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('opens a model with an operator that nobody knows as a graph and lists it', async ({
  studioPage: page,
  workspace,
}) => {
  const path = join(workspace, 'custom.onnx');
  const model = graph('custom')
    .input('x', 'float32', [1, 8])
    .relu({ name: '/Relu', to: 'r' })
    .node('Frobnicate', ['r'], {}, ['y'], { name: '/Frobnicate', domain: 'example.custom' })
    .output('y', 'float32', [1, 8])
    .build();
  writeFileSync(path, encodeModelBytes(model));
  await page.getByLabel('Model to upload').setInputFiles(path);
  await expect(page.getByRole('img', { name: /^Graph of 2 layers/u })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Problems' })).toContainText('Frobnicate');
  await page.getByRole('button', { name: 'Profile', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Frobnicate' })).toHaveCount(1);
  await expect(page.getByRole('img', { name: /^Graph of 2 layers/u })).toBeVisible();
});

test('opens a model whose weights are missing as a graph, says so, and refuses to run it', async ({
  studioPage: page,
  workspace,
}) => {
  const path = join(workspace, 'external.onnx');
  writeFileSync(path, encodeModelBytes(withMissingWeights()));
  await page.getByLabel('Model to upload').setInputFiles(path);
  await expect(page.getByRole('img', { name: /^Graph of 6 layers/u })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Problems' })).toContainText('weights.bin');
  await page.getByRole('button', { name: 'Profile', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'weights.bin' })).toHaveCount(1);
  await expect(page.getByRole('img', { name: /^Graph of 6 layers/u })).toBeVisible();
});

test('cancels a running job', async ({ studioPage: page }) => {
  await openSample(page);
  const panel = await startLongProfile(page);
  await statusBar(page)
    .getByRole('button', { name: /^Cancel /u })
    .click();
  await expect(panel.getByText('Cancelled; what was measured before stays.')).toBeVisible();
  await expect(jobInStatus(page)).toHaveCount(0);
  await profileShortly(panel);
});

test('says that the runner died in the middle of a job, and the next job works', async ({
  studioPage: page,
  studio,
}) => {
  await openSample(page);
  const panel = await startLongProfile(page);
  const runners = studio.runnerPids();
  expect(runners).not.toHaveLength(0);
  for (const runner of runners) process.kill(runner, 'SIGKILL');
  await expect(
    page
      .getByRole('alert')
      .filter({ hasText: /process|runner|runtime/iu })
      .first(),
  ).toBeVisible();
  await expect(jobInStatus(page)).toHaveCount(0);
  await profileShortly(panel);
});

test('comes back when the engine dies in the middle of a trial, which is marked as interrupted', async ({
  studioPage: page,
  studio,
}) => {
  await openSample(page);
  const quantize = await showTask(page, 'Quantize');
  await quantize.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
  await quantize.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(jobInStatus(page)).toBeVisible();
  const lost = page.getByRole('alert').filter({ hasText: 'The engine stopped; restarting…' });
  await test.step('killed', async () => {
    const tradeoff = await showTask(page, 'Trade-off');
    await expect(tradeoff.getByRole('row', { name: /running/u })).toBeVisible();
    process.kill(studio.enginePid(), 'SIGKILL');
    await expect(
      page.getByRole('status').filter({ hasText: 'The engine stopped and was started again' }),
    ).toBeVisible();
  });
  await test.step('restarted', async () => {
    await expect(lost).toHaveCount(0);
    const tradeoff = await showTask(page, 'Trade-off');
    await expect(tradeoff.getByRole('row', { name: /failed/u })).toHaveCount(1);
    await tradeoff.getByRole('row', { name: /failed/u }).click();
    await expect(tradeoff.getByRole('complementary', { name: 'Shown trial' })).toContainText(/interrupted|stopped/iu);
  });
  await test.step('run again', async () => {
    await showTask(page, 'Quantize');
    await quantize.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(quantize.getByRole('group', { name: 'Expected result' })).not.toContainText('≈');
    const tradeoff = await showTask(page, 'Trade-off');
    await expect(tradeoff.getByRole('row', { name: /measured/u })).toHaveCount(2);
    await expect(tradeoff.getByRole('row', { name: /failed/u })).toHaveCount(0);
  });
});

function statusBar(page: Page): Locator {
  return page.getByRole('contentinfo', { name: 'Status' });
}

function jobInStatus(page: Page): Locator {
  return statusBar(page).getByRole('status');
}

/** Starts a profile that would take the better part of a minute, and waits until its runs are counted. */
async function startLongProfile(page: Page): Promise<Locator> {
  const panel = await showTask(page, 'Profile');
  await panel.getByRole('textbox', { name: 'Runs' }).fill('100000');
  await panel.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(jobInStatus(page).filter({ hasText: /\d \/ 100,000/u })).toBeVisible();
  return panel;
}

/** Profiles with few runs, to the end. */
async function profileShortly(panel: Locator): Promise<void> {
  await panel.getByRole('textbox', { name: 'Runs' }).fill('20');
  await panel.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(panel.getByRole('region', { name: 'Latency' })).toContainText('p50');
}
