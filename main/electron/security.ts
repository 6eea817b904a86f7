import { app, session, type WebContents } from 'electron';
import { APP_ORIGIN } from './protocol.ts';

/**
 * What Electron's security checklist asks for, for every window: no permission is granted, nothing navigates away, nothing
 * opens another window, no web view is attached.
 */
export function lockDown(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  app.on('web-contents-created', (_event, contents) => lockDownContents(contents));
}

function lockDownContents(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** Whether an address is the studio's own page. */
export function isOwnPage(url: string): boolean {
  return URL.parse(url)?.host === 'lapidary' && url.startsWith(`${APP_ORIGIN}/`);
}
