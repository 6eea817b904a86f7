import { BrowserWindow, app, dialog, ipcMain, shell, type IpcMainInvokeEvent, type OpenDialogOptions } from 'electron';
import { isAbsolute } from 'node:path';
import { isOwnPage } from './own-page.ts';
import type { ShellCall, ShellCalls } from './shell-contract.ts';

type Handler<C extends ShellCall> = (
  window: BrowserWindow,
  parameter: ShellCalls[C][0],
) => Promise<ShellCalls[C][1]> | ShellCalls[C][1];

/** Answers what the window asks of the desktop: dialogs, the file manager, the system's list of recent files. */
export function serveShellCalls(): void {
  handle('dialog:model', (window) =>
    choose(window, {
      title: 'Open a model',
      properties: ['openFile'],
      filters: [
        { name: 'ONNX models', extensions: ['onnx'] },
        { name: 'All files', extensions: ['*'] },
      ],
    }),
  );
  handle('dialog:data', (window) => choose(window, { title: 'Choose data', properties: ['openFile', ...folderToo()] }));
  handle('dialog:folder', (window) =>
    choose(window, { title: 'Choose a folder', properties: ['openDirectory', 'createDirectory'] }),
  );
  handle('shell:show', (_window, path) => {
    if (typeof path === 'string' && isAbsolute(path)) shell.showItemInFolder(path);
    return undefined;
  });
  handle('shell:recent', (_window, path) => {
    if (typeof path === 'string' && isAbsolute(path)) app.addRecentDocument(path);
    return undefined;
  });
}

function handle<C extends ShellCall>(channel: C, handler: Handler<C>): void {
  ipcMain.handle(channel, (event: IpcMainInvokeEvent, parameter: ShellCalls[C][0]) => {
    const window = BrowserWindow.fromWebContents(event.sender);
    if (window === null || event.senderFrame === null || !isOwnPage(event.senderFrame.url)) {
      throw new Error(`${channel}: refused, the sender is not the studio's window`);
    }
    return handler(window, parameter);
  });
}

/** Only macOS has one dialog for files and folders. */
function folderToo(): 'openDirectory'[] {
  return process.platform === 'darwin' ? ['openDirectory'] : [];
}

async function choose(window: BrowserWindow, options: OpenDialogOptions): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, options);
  return canceled ? null : (filePaths[0] ?? null);
}
