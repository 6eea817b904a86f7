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

/** Listens to a message of the shell; returns the way to stop. */
function listen(message: ShellMessage, listener: (first: string, second?: string) => void): () => void {
  const forward = (_event: IpcRendererEvent, first: string, second?: string): void => listener(first, second);
  ipcRenderer.on(message, forward);
  return () => ipcRenderer.off(message, forward);
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
  onCommand: (listener: (command: string, argument?: string) => void) => listen('command', listener),
  onOpenFile: (listener: (path: string) => void) => listen('open-file', listener),
});
