import { BrowserWindow } from 'electron';
import { connectionSwitch } from './connection.ts';
import { APP_ORIGIN } from './own-page.ts';
import type { Connection, ShellMessage, ShellMessages } from './shell-contract.ts';

/** Opens the studio's window on an engine. @param model path of the model that it shows first */
export function openWindow(preload: string, connection: Connection, model?: string): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Lapidary',
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    show: false,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      additionalArguments: [connectionSwitch(connection)],
    },
  });
  window.once('ready-to-show', () => window.show());
  const asked = model === undefined ? '' : `#open=${encodeURIComponent(model)}`;
  void window.loadURL(`${APP_ORIGIN}/index.html${asked}`);
  return window;
}

/** Sends a message to the window's preload. */
export function tellWindow<M extends ShellMessage>(window: BrowserWindow, message: M, ...args: ShellMessages[M]): void {
  if (!window.isDestroyed()) window.webContents.send(message, ...args);
}
