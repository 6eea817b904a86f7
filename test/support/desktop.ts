import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, chromium, type Browser, type ElectronApplication, type Page } from '@playwright/test';
import type { FromStandIn, ToStandIn } from './electron-stand-in/control.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The desktop program under test, whichever Electron runs it. */
export interface Desktop {
  readonly kind: 'electron' | 'stand-in';
  /** The shell's own process. */
  readonly pid: number;
  readonly page: Page;
  /** The next open dialog answers these paths; null: it is cancelled. */
  answerDialog(paths: readonly string[] | null): Promise<void>;
  /** Clicks the application menu's item with this id; throws when there is none. */
  clickMenu(id: string): Promise<void>;
  /** Starts the program a second time, with these arguments. */
  startAgain(args: readonly string[]): Promise<void>;
  /** Calls the shell from a frame that is not the studio's page; returns what it answers, or the error's text. */
  callFromForeignFrame(channel: string): Promise<string>;
  /** Ends the program as its user does; resolves when its process is gone. */
  quit(): Promise<void>;
}

export interface DesktopOptions {
  readonly workspace: string;
  readonly args?: readonly string[];
}

/** The real Electron's executable, where it is installed. */
export function electronBinary(): string | undefined {
  const folder = join(root, 'node_modules', 'electron');
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const binary = join(folder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

/** Starts the built desktop program: on the real Electron where it is installed, else on the stand-in. */
export function launchDesktop(options: DesktopOptions): Promise<Desktop> {
  const binary = electronBinary();
  return binary === undefined ? launchStandIn(options) : launchElectron(binary, options);
}

async function launchElectron(executablePath: string, { workspace, args = [] }: DesktopOptions): Promise<Desktop> {
  // Its own folder, so that a Lapidary which the tester has open is not the "first instance".
  const flags = [`--user-data-dir=${join(workspace, 'electron')}`, '--no-sandbox', root];
  const env = { ...process.env, LAPIDARY_WORKSPACE: workspace } as Record<string, string>;
  const app: ElectronApplication = await _electron.launch({ executablePath, args: [...flags, ...args], env });
  const page = await app.firstWindow();
  const { pid } = app.process();
  if (pid === undefined) throw new Error('Electron has no process');
  return {
    kind: 'electron',
    pid,
    page,
    answerDialog: (paths) =>
      app.evaluate(({ dialog }, filePaths) => {
        dialog.showOpenDialog = () =>
          Promise.resolve({ canceled: filePaths === null, filePaths: [...(filePaths ?? [])] });
      }, paths),
    clickMenu: (id) =>
      app.evaluate(({ Menu }, item) => {
        const found = Menu.getApplicationMenu()?.getMenuItemById(item);
        if (found === undefined || found === null) throw new Error(`The menu has no item '${item}'`);
        found.click();
      }, id),
    startAgain: async (more) => {
      const second = spawn(executablePath, [...flags, ...more], { env, stdio: 'ignore' });
      await once(second, 'exit');
    },
    // In the real Electron no other page can be loaded, so the call is made as the IPC layer would make it.
    callFromForeignFrame: (channel) =>
      app.evaluate(async ({ ipcMain, BrowserWindow }, name) => {
        const handlers = Reflect.get(ipcMain, '_invokeHandlers') as Map<string, (event: unknown) => unknown>;
        const sender = BrowserWindow.getAllWindows()[0]?.webContents;
        try {
          return String(await handlers.get(name)?.({ sender, senderFrame: { url: 'about:srcdoc' } }));
        } catch (error) {
          return String(error);
        }
      }, channel),
    quit: () => app.close(),
  };
}

async function launchStandIn({ workspace, args = [] }: DesktopOptions): Promise<Desktop> {
  const child = fork(join(root, 'out', 'main', 'electron.js'), [...args], {
    cwd: root,
    execPath: process.execPath,
    execArgv: ['--import', new URL('./electron-stand-in/register.mjs', import.meta.url).href],
    env: { ...process.env, LAPIDARY_WORKSPACE: workspace },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const missing = new Set<string>();
  child.on('message', (message: FromStandIn) => {
    if (message.kind === 'menu-missing') missing.add(message.id);
  });
  const devTools = await firstWindow(child);
  const browser: Browser = await chromium.connectOverCDP(devTools);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined || child.pid === undefined) throw new Error('the stand-in opened no page');
  const tell = (message: ToStandIn): Promise<void> =>
    new Promise((resolve, reject) => child.send(message, (error) => (error === null ? resolve() : reject(error))));
  return {
    kind: 'stand-in',
    pid: child.pid,
    page,
    answerDialog: (paths) => tell({ kind: 'dialog', paths }),
    clickMenu: async (id) => {
      await tell({ kind: 'menu', id });
      // Messages keep their order, so this answer comes after a complaint about the item.
      const answered = once(child, 'message');
      await tell({ kind: 'ping' });
      await answered;
      if (missing.has(id)) throw new Error(`The menu has no item '${id}'`);
    },
    startAgain: (more) => tell({ kind: 'second-instance', args: more }),
    callFromForeignFrame: (channel) => callFromForeignFrame(page, channel),
    quit: async () => {
      const ended = once(child, 'exit');
      await tell({ kind: 'quit' });
      await ended;
      await browser.close().catch(() => undefined);
    },
  };
}

/** A frame of another document in the studio's page calls the shell over the stand-in's channel. */
async function callFromForeignFrame(page: Page, channel: string): Promise<string> {
  const name = 'foreign';
  await page.evaluate((title) => {
    const frame = document.createElement('iframe');
    frame.name = title;
    frame.srcdoc = '<p>foreign</p>';
    document.body.append(frame);
    return new Promise((resolve) => frame.addEventListener('load', resolve));
  }, name);
  const frame = page.frame({ name });
  if (frame === null) throw new Error('the foreign frame did not load');
  const answer = await frame.evaluate(
    (called) => globalThis.standInInvoke(called, undefined).then(String, String),
    channel,
  );
  await page.evaluate(() => document.querySelector('iframe')?.remove());
  return answer;
}

function firstWindow(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromStandIn) => {
      if (message.kind === 'window') resolve(message.devTools);
      if (message.kind === 'error-box') reject(new Error(`${message.title}: ${message.content}`));
    });
    child.once('exit', (code) => reject(new Error(`the shell ended with exit code ${String(code)}`)));
  });
}
