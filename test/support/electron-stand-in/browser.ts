import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from '@playwright/test';
import { chromiumLaunchOptions } from '../chromium.ts';

let opened: Promise<{ context: BrowserContext; profile: string; devTools: string }> | undefined;

/** The one headless Chromium of this process, started at the first window. */
export function browser(): Promise<{ context: BrowserContext; devTools: string }> {
  opened ??= openBrowser();
  return opened;
}

async function openBrowser(): Promise<{ context: BrowserContext; profile: string; devTools: string }> {
  const profile = mkdtempSync(join(tmpdir(), 'lapidary-stand-in-'));
  const options = chromiumLaunchOptions();
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    args: [...options.args, '--remote-debugging-port=0'],
    viewport: { width: 1440, height: 900 },
  });
  // Chromium writes the port that it chose, and the path of its socket, into its profile.
  const portFile = join(profile, 'DevToolsActivePort');
  if (!existsSync(portFile)) throw new Error('Chromium did not say where its DevTools listen');
  const [port, path] = readFileSync(portFile, 'utf8').split('\n');
  return { context, profile, devTools: `ws://127.0.0.1:${port}${path}` };
}

export async function closeBrowser(): Promise<void> {
  if (opened === undefined) return;
  const { context, profile } = await opened;
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
