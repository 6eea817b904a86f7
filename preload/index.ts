/**
 * The bridge between the window and the desktop shell: where the engine answers, dialogs, dropped files, menu commands.
 * Nothing else of Electron or Node reaches the page.
 */
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import { CONNECTION_SWITCH } from '../main/electron/connection.ts';
import type { Connection, ShellCall, ShellCalls, ShellMessage } from '../main/electron/shell-contract.ts';

function readConnection(): Connection {
  const given = process.argv.find((arg) => arg.startsWith(CONNECTION_SWITCH));
  if (given === undefined) throw new Error('The window was opened without an engine');
  return JSON.parse(
    atob(given.slice(CONNECTION_SWITCH.length).replaceAll('-', '+').replaceAll('_', '/')),
  ) as Connection;
}

function call<C extends ShellCall>(channel: C, parameter?: ShellCalls[C][0]): Promise<ShellCalls[C][1]> {
  return ipcRenderer.invoke(channel, parameter) as Promise<ShellCalls[C][1]>;
}

type Listener = (first: string, second?: string) => void;

/**
 * A message of the shell. The shell sends files named on the command line as soon as the page has loaded, which may be before
 * the page listens: what comes until then is kept for its first listener.
 */
function shellMessage(message: ShellMessage): (listener: Listener) => () => void {
  const listeners = new Set<Listener>();
  let early: [first: string, second?: string][] = [];
  ipcRenderer.on(message, (_event: IpcRendererEvent, ...args: [first: string, second?: string]) => {
    if (listeners.size === 0) early.push(args);
    for (const listener of listeners) listener(...args);
  });
  return (listener) => {
    listeners.add(listener);
    const kept = early;
    early = [];
    for (const args of kept) listener(...args);
    return () => listeners.delete(listener);
  };
}

const { url, token } = readConnection();

contextBridge.exposeInMainWorld('lapidary', {
  url,
  token,
  platform: process.platform,
  openDialog: () => call('dialog:model'),
  dataDialog: () => call('dialog:data'),
  directoryDialog: () => call('dialog:folder'),
  pathForFile: (file: File) => webUtils.getPathForFile(file),
  showInFolder: (path: string) => void call('shell:show', path),
  addRecent: (path: string) => void call('shell:recent', path),
  onCommand: shellMessage('command'),
  onOpenFile: shellMessage('open-file'),
});
