/** What axe finds in every task and dialog of the window, in both themes. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { openSample, root, showTask, test } from './studio-fixture.ts';

/** axe as a script for the page; it is put in before the page's own ones, so that its content security policy stays as it is. */
const require = createRequire(import.meta.url);
const AXE = require.resolve('axe-core/axe.min.js');

const TASKS = ['Graph', 'Profile', 'Doctor', 'Quantize', 'Prune', 'Distill', 'Trade-off', 'Compare', 'Export'];

interface AxeWindow {
  readonly axe: {
    run(
      where: unknown,
      options: unknown,
    ): Promise<{
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
      }[];
    }>;
  };
}

/** What was found, each once, with the places where it is. */
type Findings = Map<string, string[]>;

/** Each theme's colours are looked at; all else is the same in both and looked at once. */
async function look(page: Page, place: string, found: Findings, without: readonly string[] = []): Promise<void> {
  for (const [theme, options] of [
    ['dark', { rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])) }],
    ['light', { runOnly: ['color-contrast'] }],
  ] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme);
    // Colours that are on their way to the other theme are nobody's.
    await page.evaluate(async () => {
      const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
      await Promise.allSettled(moving.map(({ finished }) => finished));
    });
    const violations = await page.evaluate(async (chosen) => {
      const { axe } = window as unknown as AxeWindow;
      const result = await axe.run(document, { ...chosen, resultTypes: ['violations'] });
      return result.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 240)} ${failureSummary.replaceAll('\n', ' ')}`),
      );
    }, options);
    for (const violation of violations) found.set(violation, [...(found.get(violation) ?? []), `${place} (${theme})`]);
  }
}

/** Runs a command of the window by its title. */
async function command(page: Page, title: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k');
  await expect(page.getByRole('textbox', { name: 'Command palette' })).toBeFocused();
  await page.keyboard.type(title);
  await page.keyboard.press('Enter');
}

// Snapshots of every action would take longer than the looks themselves.
test.use({ trace: 'off' });

test('axe finds nothing in any task or dialog, in both themes', async ({ page, studio }) => {
  await page.addInitScript({ path: AXE });
  await page.goto(studio.url);
  const found: Findings = new Map();
  await look(page, 'start', found);
  await openSample(page);
  await page.getByRole('button', { name: 'Profile', exact: true }).click();

  await showTask(page, 'Graph');
  await page.getByRole('combobox', { name: 'Search layers' }).fill('op:Lstm');
  await expect(page.getByText('No layer matches')).toBeVisible();
  await look(page, 'search for nothing', found);
  await page.getByRole('combobox', { name: 'Search layers' }).fill('op:Conv');
  await look(page, 'search', found);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Properties' })).toContainText('Weights');

  await page.getByRole('region', { name: 'Properties' }).getByTitle('Look at its values on a sample').last().click();
  await expect(page.getByRole('dialog').getByRole('tab', { name: 'Values' })).toBeVisible();
  await look(page, 'tensor', found);
  await page.keyboard.press('Escape');

  await command(page, 'Run Once, Look at Values');
  const runs = page.getByRole('dialog', { name: 'Run and look at the values' });
  await runs.getByRole('button', { name: 'Run once' }).click();
  await expect(runs.getByText(/^All \d+ layers run on/u)).toBeVisible();
  await look(page, 'one run', found);
  await runs.getByRole('radio', { name: /suspect values/u }).press('Space');
  await runs.getByRole('textbox', { name: 'Samples' }).fill('20');
  await runs.getByRole('button', { name: 'Look at the values' }).click();
  await expect(runs.getByText(/^20 samples of/u)).toBeVisible();
  await look(page, 'suspect values', found);
  await page.keyboard.press('Escape');

  const quantize = await showTask(page, 'Quantize');
  await quantize.getByRole('switch', { name: 'Int8 (static)' }).press('Space');
  await quantize.getByRole('button', { name: 'Run', exact: true }).click();
  const doctor = await showTask(page, 'Doctor');
  await doctor.getByRole('button', { name: 'Quick look' }).click();
  await test.step('dialogs', async () => {
    const open = async (place: string, key: string, name: string): Promise<void> => {
      await page.getByRole('tab', { selected: true }).first().focus();
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog', { name })).toBeVisible();
      await look(page, place, found);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    };
    await open('keys', '?', 'Keyboard and search');
    await open('palette', 'ControlOrMeta+k', '');
    await command(page, 'Accuracy in Detail…');
    await expect(page.getByRole('dialog', { name: /Accuracy/u })).toBeVisible();
    await look(page, 'accuracy', found);
    await page.keyboard.press('Escape');
    await command(page, 'This Machine and Its Providers');
    await expect(page.getByRole('table', { name: 'Execution providers' })).toBeVisible();
    await look(page, 'machine', found);
    await page.keyboard.press('Escape');
    await command(page, 'About Lapidary');
    await expect(page.getByRole('dialog', { name: 'About Lapidary' })).toBeVisible();
    await look(page, 'about', found);
    await page.keyboard.press('Escape');
    await showTask(page, 'Quantize');
    await page.getByRole('button', { name: 'Add data' }).first().click();
    await expect(page.getByRole('dialog', { name: 'Add data' })).toBeVisible();
    await look(page, 'add data', found);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Threads/u }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    // An open menu stands outside of all landmarks, as a dialog does, which axe lets stand there.
    await look(page, 'menu', found, ['region']);
    await page.keyboard.press('Escape');
  });
  for (const task of TASKS) {
    await showTask(page, task);
    await look(page, task, found);
  }
  expect(Object.fromEntries(found)).toEqual({});
});

test('axe finds nothing in the gallery of controls, in both themes', async ({ page, studio }) => {
  await page.addInitScript({ path: AXE });
  await page.goto(studio.url.replace(/\/?#/u, '/?gallery#'));
  await expect(page.getByRole('heading', { name: 'Controls' })).toBeVisible();
  const found: Findings = new Map();
  await look(page, 'gallery', found);
  expect(Object.fromEntries(found)).toEqual({});
});

test('axe finds nothing where two models are compared, as a table and as graphs', async ({ page, studio }) => {
  await page.addInitScript({ path: AXE });
  await page.goto(studio.url);
  const found: Findings = new Map();
  await openSample(page);
  const compare = await showTask(page, 'Compare');
  await compare.getByRole('button', { name: 'File…' }).click();
  await page.getByLabel('Path').fill(join(root, 'resources', 'samples', 'glyph-gru.onnx'));
  await page.getByLabel('Path').press('Enter');
  await expect(page.getByRole('grid', { name: 'Layers compared' })).toBeVisible();
  await look(page, 'table', found);
  for (const [how, graphs] of [
    ['Side by side', 2],
    ['Overlaid', 1],
  ] as const) {
    await compare.getByRole('radio', { name: how }).press('Space');
    const panes = page.getByRole('img', { name: /graph of \d+ layers/u });
    await expect(panes).toHaveCount(graphs);
    await expect(panes.first()).toHaveAttribute('aria-busy', 'false');
    // One that differs is selected.
    await page.keyboard.press('F7');
    await look(page, how, found);
  }
  expect(Object.fromEntries(found)).toEqual({});
});
