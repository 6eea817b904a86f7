import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, chromium, type Browser, type ElectronApplication, type Page } from '@playwright/test';
import type { FromStandIn, ToStandIn } from './electron-stand-in/control.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The desktop program under test, whichever Electron runs it. */
export interface Desktop {
  readonly kind: 'electron' | 'stand-in';
  readonly page: Page;
  /** The next open dialog answers these paths; null: it is cancelled. */
  answerDialog(paths: readonly string[] | null): Promise<void>;
  /** Clicks the application menu's item with this id. */
  clickMenu(id: string): Promise<void>;
  /** What the stand-in reported so far; empty with the real Electron. */
  readonly reports: readonly FromStandIn[];
  close(): Promise<void>;
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
  const app: ElectronApplication = await _electron.launch({
    executablePath,
    args: [root, ...args],
    env: { ...process.env, LAPIDARY_WORKSPACE: workspace } as Record<string, string>,
  });
  const page = await app.firstWindow();
  return {
    kind: 'electron',
    page,
    reports: [],
    answerDialog: (paths) =>
      app.evaluate(({ dialog }, filePaths) => {
        dialog.showOpenDialog = () =>
          Promise.resolve({ canceled: filePaths === null, filePaths: [...(filePaths ?? [])] });
      }, paths),
    clickMenu: (id) => app.evaluate(({ Menu }, item) => Menu.getApplicationMenu()?.getMenuItemById(item)?.click(), id),
    close: () => app.close(),
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
  const reports: FromStandIn[] = [];
  child.on('message', (message: FromStandIn) => reports.push(message));
  const devTools = await firstWindow(child);
  const browser: Browser = await chromium.connectOverCDP(devTools);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined) throw new Error('the stand-in opened no page');
  const tell = (message: ToStandIn): Promise<void> =>
    new Promise((resolve, reject) => child.send(message, (error) => (error === null ? resolve() : reject(error))));
  return {
    kind: 'stand-in',
    page,
    reports,
    answerDialog: (paths) => tell({ kind: 'dialog', paths }),
    clickMenu: (id) => tell({ kind: 'menu', id }),
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await tell({ kind: 'quit' });
      await ended;
      await browser.close().catch(() => undefined);
    },
  };
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
