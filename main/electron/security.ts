import { app, session, type WebContents } from 'electron';
import { isOwnPage, isPermitted } from './own-page.ts';

/**
 * What Electron's security checklist asks for, for every window: no permission is granted but the few of `own-page.ts`,
 * nothing navigates away, nothing opens another window, no web view is attached.
 */
export function lockDown(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, callback, { requestingUrl }) =>
    callback(isPermitted(permission, requestingUrl)),
  );
  session.defaultSession.setPermissionCheckHandler((_contents, permission, origin) => isPermitted(permission, origin));
  app.on('web-contents-created', (_event, contents) => lockDownContents(contents));
}

function lockDownContents(contents: WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
