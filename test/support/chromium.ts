import { existsSync } from 'node:fs';

/** Chromium without what a closed network or a container lacks. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

/** How the tests start Chromium: LAPIDARY_CHROMIUM, the system's, or else the one that Playwright brought. */
export function chromiumLaunchOptions(): { headless: true; args: string[]; executablePath?: string } {
  const executablePath = [process.env['LAPIDARY_CHROMIUM'], '/usr/bin/chromium'].find(
    (path) => path !== undefined && existsSync(path),
  );
  return { headless: true, args: [...ARGS], ...(executablePath === undefined ? {} : { executablePath }) };
}
