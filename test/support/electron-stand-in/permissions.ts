import type { Page } from '@playwright/test';
import { toHttp } from './protocol.ts';
import { isGranted } from './session.ts';

/** Electron's names of permissions and Chromium's. */
const PERMISSIONS = {
  geolocation: { name: 'geolocation' },
  notifications: { name: 'notifications' },
  'clipboard-read': { name: 'clipboard-read' },
  'clipboard-sanitized-write': { name: 'clipboard-write', allowWithoutSanitization: false },
} as const;

/**
 * Gives the page the permissions that the shell grants and refuses it the others; without `loopback-network` its sockets to
 * this machine fail, as Chromium's Local Network Access makes them in Electron.
 * @param url the page's `app:` address
 */
export async function applyPermissions(page: Page, contents: unknown, url: string): Promise<void> {
  // Chromium forgets what this client set when it detaches, so it stays.
  const client = await page.context().newCDPSession(page);
  const { origin } = new URL(await toHttp(url));
  for (const [name, permission] of Object.entries(PERMISSIONS)) {
    const setting = (await isGranted(contents, name, url)) ? 'granted' : 'denied';
    await client.send('Browser.setPermission', { permission, setting, origin });
  }
  if (!(await isGranted(contents, 'loopback-network', url))) {
    await page.routeWebSocket(/.*/u, (socket) => socket.close({ code: 1006 }));
  }
}
