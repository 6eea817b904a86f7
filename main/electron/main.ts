/** The desktop shell: starts the engine on plain Node, opens the studio's window on it, and keeps both together. */
import { BrowserWindow, app, dialog } from 'electron';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { superviseEngine, type SupervisedEngine } from '../host/supervisor.ts';
import { serveShellCalls } from './dialogs.ts';
import { installMenu } from './menu.ts';
import { findNode } from './node-binary.ts';
import { registerAppScheme, serveRenderer } from './protocol.ts';
import { lockDown } from './security.ts';
import { openWindow, tellWindow } from './window.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let window: BrowserWindow | undefined;
/** Files named before the window could take them. */
const waiting: string[] = [];

/** Hands a file to the window, or keeps it until there is one. */
function openFile(path: string): void {
  if (window === undefined || window.webContents.isLoading()) {
    waiting.push(path);
    return;
  }
  if (window.isMinimized()) window.restore();
  window.focus();
  tellWindow(window, 'open-file', path);
}

/** The models among command-line arguments. */
function modelsIn(args: readonly string[], folder: string): string[] {
  return args
    .filter((arg) => !arg.startsWith('-'))
    .map((arg) => resolve(folder, arg))
    .filter((path) => existsSync(path) && statSync(path).isFile() && path.toLowerCase().endsWith('.onnx'));
}

function showWindow(engine: SupervisedEngine): void {
  const connection = { url: `http://127.0.0.1:${engine.port}`, token: engine.token };
  // The first is in the window's address: it is asked for before the page is whole.
  const opened = openWindow(join(root, 'out', 'preload', 'index.cjs'), connection, waiting.shift());
  window = opened;
  installMenu((id) => tellWindow(opened, 'command', id));
  opened.webContents.on('did-finish-load', () => {
    for (const path of waiting.splice(0)) tellWindow(opened, 'open-file', path);
  });
  opened.once('closed', () => {
    window = undefined;
  });
}

async function startEngine(expected: string | undefined): Promise<SupervisedEngine> {
  const engine = await superviseEngine({
    port: 0,
    ...(expected === undefined ? {} : { expected }),
    execPath: findNode(root),
    // The window reconnects by itself, to the same port, and says so.
    onRestart: () => undefined,
  });
  engine.failed.catch((error: unknown) => fail(error));
  return engine;
}

/** Says what stopped the program, in a dialog since there may be no terminal, and ends it. */
function fail(error: unknown): void {
  dialog.showErrorBox('Lapidary cannot go on', error instanceof Error ? error.message : String(error));
  app.exit(1);
}

async function run(): Promise<void> {
  await app.whenReady();
  lockDown();
  serveRenderer(join(root, 'out', 'renderer'));
  serveShellCalls();
  waiting.push(...modelsIn(process.argv.slice(1), process.cwd()));
  const engine = await startEngine(waiting[0]);
  showWindow(engine);

  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) showWindow(engine);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void engine.stop().finally(() => {
      stopped = true;
      app.quit();
    });
  });
}

if (app.requestSingleInstanceLock()) {
  registerAppScheme();
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openFile(path);
  });
  app.on('second-instance', (_event, args, folder) => {
    for (const path of modelsIn(args.slice(1), folder)) openFile(path);
    window?.focus();
  });
  run().catch(fail);
} else {
  app.quit();
}
