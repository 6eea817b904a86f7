/**
 * A stand-in for the part of Electron's API that the shell uses, on headless Chromium. It behaves as Electron does where
 * the shell can tell: events come in Electron's order, the preload runs before the page with only `electron` to require,
 * denied navigations do not happen. Tests steer it over Node's IPC (see `control.ts`).
 */
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { dialog, Menu, MenuItem, shell } from './desktop-parts.ts';
export { ipcMain } from './ipc-main.ts';
export { net, protocol } from './protocol.ts';
export { session } from './session.ts';
