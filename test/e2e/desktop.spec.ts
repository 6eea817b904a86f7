/**
 * The desktop shell's built code: on the real Electron where its binary is installed, else on the stand-in for Electron's
 * API. The group's title says which.
 */
import { once } from 'node:events';
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { MENU_COMMANDS } from '../../main/electron/menu-entries.ts';
import type { DesktopBridge } from '../../renderer/rpc/bridge.ts';
import { electronBinary, launchDesktop, type Desktop } from '../support/desktop.ts';
import { descendant, descendants, isAlive } from '../support/processes.ts';
import { newFolder, openSample, removeFolder, root, showTask } from './studio-fixture.ts';

type DesktopWindow = Window & { readonly lapidary?: DesktopBridge };

const host = electronBinary() === undefined ? 'the stand-in (no Electron binary is installed)' : 'Electron';
const CNN = join(root, 'resources', 'samples', 'glyph-cnn.onnx');
const GRU = join(root, 'resources', 'samples', 'glyph-gru.onnx');

test.describe(`desktop shell on ${host}`, () => {
  let folder: string;
  let desktop: Desktop | undefined;

  const launch = async (...args: readonly string[]): Promise<Desktop> => {
    desktop = await launchDesktop({ workspace: join(folder, 'workspace'), args });
    return desktop;
  };

  test.beforeEach(() => {
    folder = newFolder();
  });
  test.afterEach(async () => {
    await desktop?.quit();
    desktop = undefined;
    removeFolder(folder);
  });

  test('opens a model by the native dialog, by dropping it and by a second start', async () => {
    const { page, answerDialog, startAgain } = await launch();
    await expect(page.getByRole('heading', { name: 'Open a model, or try a sample' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Upload from this computer…' })).toHaveCount(0);

    await answerDialog(null);
    await page.getByRole('button', { name: 'Open…' }).click();
    await expect(page.getByRole('heading', { name: 'Open a model, or try a sample' })).toBeVisible();

    await answerDialog([CNN]);
    await page.getByRole('button', { name: 'Open…' }).click();
    await expect(page).toHaveTitle(/glyph-cnn/u);
    await expect(page.getByRole('tab', { name: 'Graph', exact: true })).toBeVisible();

    await startAgain([GRU]);
    await expect(page).toHaveTitle(/glyph-gru/u);

    // Not a bundled file, so that the title tells the path that was dropped.
    const dropped = join(folder, 'dropped.onnx');
    copyFileSync(join(root, 'resources', 'samples', 'glyph-vit.onnx'), dropped);
    await dropFile(page, dropped);
    await expect(page).toHaveTitle(/dropped/u);
    // An upload would have another path: the shell gave the file's own.
    await expect(page.getByRole('region', { name: 'Model' }).getByText(dropped)).toBeVisible();
  });

  test('opens the model named on the command line, not the one that was open last', async () => {
    const first = await launch();
    await openSample(first.page);
    await expect(first.page).toHaveTitle(/glyph-cnn/u);
    await first.quit();
    const { page } = await launch(GRU);
    await expect(page).toHaveTitle(/glyph-gru/u);
    await expect(page.getByRole('contentinfo', { name: 'Status' }).getByRole('img')).toHaveAccessibleName(
      'Engine connected',
    );
    await expect(page).toHaveTitle(/glyph-gru/u);
  });

  test('sends every command of its menu to the window, which knows them', async () => {
    const { page, clickMenu, answerDialog } = await launch();
    await page.evaluate(() => {
      const received: string[] = [];
      Object.assign(globalThis, { received });
      (window as DesktopWindow).lapidary?.onCommand((id) => received.push(id));
    });
    await openSample(page);
    await clickMenu('view.task.profile');
    await expect(page.getByRole('tab', { name: 'Profile', exact: true })).toHaveAttribute('aria-selected', 'true');
    await clickMenu('view.theme.dark');
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await clickMenu('help.about');
    await expect(page.getByRole('dialog', { name: 'About Lapidary' })).toBeVisible();
    await page.keyboard.press('Escape');
    await clickMenu('file.close');
    await expect(page.getByRole('heading', { name: 'Open a model, or try a sample' })).toBeVisible();

    // Without a model most do nothing: what counts here is that each arrives and is a command of the window.
    const received = () => page.evaluate(() => (globalThis as unknown as { received: string[] }).received);
    const before = (await received()).length;
    await answerDialog(null);
    for (const id of MENU_COMMANDS) await clickMenu(id);
    await expect.poll(async () => (await received()).slice(before)).toEqual(MENU_COMMANDS);
    await expect(page.getByText('There is no command')).toHaveCount(0);
    await expect(clickMenu('no.such.command')).rejects.toThrow("no item 'no.such.command'");
  });

  test('writes an export into the folder of the native dialog', async () => {
    const { page, answerDialog } = await launch(CNN);
    const panel = await showTask(page, 'Export');
    await answerDialog([folder]);
    await panel.getByRole('radio', { name: 'Into a folder…' }).click();
    await expect(panel.getByRole('radio', { name: folder })).toBeChecked();
    await panel.getByRole('textbox', { name: 'File name' }).fill('exported');
    await panel.getByRole('button', { name: 'Export', exact: true }).click();
    await expect(panel.getByText(join(folder, 'exported.onnx'))).toBeVisible();
    expect(existsSync(join(folder, 'exported.onnx'))).toBe(true);

    // As a download it comes from the engine, which is another origin than the window's page.
    await page.evaluate(() => {
      const blobs: number[] = [];
      Object.assign(globalThis, { blobs });
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (source) => {
        if (source instanceof Blob) blobs.push(source.size);
        return make(source);
      };
      // Kept from the system's own dialog, which nobody would answer.
      document.addEventListener('click', (event) => {
        if (event.target instanceof HTMLAnchorElement && event.target.download !== '') event.preventDefault();
      });
    });
    await panel.getByRole('radio', { name: 'Download' }).press('Space');
    await panel.getByRole('button', { name: 'Export', exact: true }).click();
    const files = panel.getByRole('status', { name: 'Exported files' });
    await files.getByRole('row', { name: 'exported.onnx' }).getByRole('button', { name: 'Download' }).click();
    const blobs = () => page.evaluate(() => (globalThis as unknown as { blobs: number[] }).blobs);
    await expect.poll(blobs).toEqual([statSync(join(folder, 'exported.onnx')).size]);
  });

  test('stays on its page, opens no other window and gives no permission but to copy text', async () => {
    const { page } = await launch(CNN);
    await expect(page).toHaveTitle(/glyph-cnn/u);
    const requests: string[] = [];
    const elsewhere = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.setHeader('content-type', 'text/html').end('<title>elsewhere</title>');
    });
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    try {
      const own = page.url();
      await page.evaluate((url) => {
        window.open(url);
        location.assign(url);
      }, address);
      await page.evaluate((url) => {
        const link = document.createElement('a');
        link.href = url;
        document.body.append(link);
        link.click();
        link.remove();
      }, address);
      // The window still answers, as the same page.
      await showTask(page, 'Prune');
      expect(page.url()).toBe(own);
      await expect.poll(() => page.context().pages().length).toBe(1);
      // The stand-in's browser may ask for the page and its icon before the new tab is closed; nothing else is asked for.
      expect(requests.filter((url) => url !== '/' && url !== '/favicon.ico')).toEqual([]);
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }

    const state = (name: string) =>
      page.evaluate(
        async (permission) => (await navigator.permissions.query({ name: permission as PermissionName })).state,
        name,
      );
    for (const name of ['geolocation', 'notifications', 'clipboard-read'])
      expect([name, await state(name)]).toEqual([name, 'denied']);
    await page.getByRole('button', { name: 'Command palette' }).click();
    await page.getByRole('textbox', { name: 'Command palette' }).fill('Copy Path');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible();
  });

  test('gives the page the bridge and nothing else, and other frames nothing', async () => {
    const { page, callFromForeignFrame } = await launch();
    await expect(page.getByRole('button', { name: 'Open…' })).toBeVisible();
    const reach = await page.evaluate(() => ({
      globals: ['require', 'process', 'module', 'Buffer', 'global', 'electron'].filter((name) => name in globalThis),
      bridge: Object.keys((window as DesktopWindow).lapidary ?? {}).sort(),
    }));
    expect(reach).toEqual({
      globals: [],
      bridge: [
        'addRecent',
        'dataDialog',
        'directoryDialog',
        'onCommand',
        'onOpenFile',
        'openDialog',
        'pathForFile',
        'platform',
        'showInFolder',
        'token',
        'url',
      ],
    });
    expect(await callFromForeignFrame('dialog:model')).toContain(
      "dialog:model: refused, the sender is not the studio's window",
    );
  });

  test('brings a killed engine back with the model and its trials, and ends it with the window', async () => {
    const program = await launch(CNN);
    const { page, pid } = program;
    await expect(page).toHaveTitle(/glyph-cnn/u);
    const panel = await showTask(page, 'Trade-off');
    await expect(panel.getByRole('row', { name: /Baseline/u })).toBeVisible();
    const engine = descendant(pid, /engine\.js/u).pid;

    process.kill(engine, 'SIGKILL');
    // The banner may be gone before it is looked for; what the window says afterwards stays for a while.
    await expect(
      page.getByRole('status').filter({ hasText: 'The engine stopped and was started again' }),
    ).toBeVisible();
    await expect(page.getByRole('alert').filter({ hasText: 'The engine stopped; restarting…' })).toHaveCount(0);
    await expect(page).toHaveTitle(/glyph-cnn/u);
    await expect(panel.getByRole('row', { name: /Baseline/u })).toBeVisible();
    expect(descendant(pid, /engine\.js/u).pid).not.toBe(engine);

    const family = [pid, ...descendants(pid).map((process) => process.pid)];
    await program.quit();
    desktop = undefined;
    await expect.poll(() => family.filter(isAlive)).toEqual([]);
  });
});

/** Drops a file of the disk on the window, as the system does. */
async function dropFile(page: Page, path: string): Promise<void> {
  const input = await page.evaluateHandle(() => {
    const element = document.createElement('input');
    element.type = 'file';
    document.body.append(element);
    return element;
  });
  await input.setInputFiles(path);
  await input.evaluate((element, onDisk) => {
    const file = element.files?.[0];
    if (file === undefined) throw new Error('no file was set');
    // The stand-in reads the path here; Electron knows it by itself.
    Object.assign(file, { path: onDisk });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(file);
    for (const type of ['dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
    element.remove();
  }, path);
}
