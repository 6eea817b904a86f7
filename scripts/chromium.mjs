/** Finds a Chromium that starts, for the end-to-end tests, or gets one: Playwright's own, else the system's package. */
import { homedir, tmpdir } from 'node:os';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { firstExisting, inRoot, node24 } from './paths.mjs';
import { run } from './spawn.mjs';

const DOWNLOAD_LIMIT_MS = 5 * 60_000;
const PACKAGE_LIMIT_MS = 10 * 60_000;

/** Where Playwright keeps its browsers. @see https://playwright.dev/docs/browsers#managing-browser-binaries */
function playwrightFolder() {
  const set = process.env['PLAYWRIGHT_BROWSERS_PATH'];
  if (set) return set;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ms-playwright');
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? homedir(), 'ms-playwright');
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ms-playwright');
}

function playwrightChromiums() {
  const folder = playwrightFolder();
  if (!existsSync(folder)) return [];
  const programs = [
    'chrome-linux64/chrome',
    'chrome-linux/chrome',
    'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
    'chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
    'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
    'chrome-win64/chrome.exe',
    'chrome-win/chrome.exe',
  ];
  const versions = readdirSync(folder).filter((name) => /^chromium-\d+$/.test(name));
  versions.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  return versions
    .map((version) => firstExisting(programs.map((program) => join(folder, version, program))))
    .filter((path) => path !== undefined);
}

function systemChromiums() {
  return [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome-stable',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ].filter((path) => existsSync(path));
}

/** Whether it starts and draws a page: a Chromium without its system libraries is there but does neither. */
async function starts(/** @type {string} */ program) {
  const profile = mkdtempSync(join(tmpdir(), 'lapidary-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const { code, output } = await run(
    program,
    [...flags, `--user-data-dir=${profile}`, '--dump-dom', 'data:text/html,<p>ready'],
    {
      capture: true,
      limitMs: 60_000,
    },
  );
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  return code === 0 && output.includes('ready');
}

/** @returns {Promise<string | undefined>} path of a Chromium that starts */
export async function findChromium() {
  const named = process.env['LAPIDARY_CHROMIUM'];
  const candidates = [...(named ? [named] : []), ...playwrightChromiums(), ...systemChromiums()];
  for (const candidate of candidates) if (await starts(candidate)) return candidate;
  return undefined;
}

/** Installs Debian's package; only root may. */
async function installSystemPackage() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error('Installing the system package chromium…');
  const options = { capture: true, limitMs: PACKAGE_LIMIT_MS, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-qq'], options);
  const { code, output } = await run(
    'apt-get',
    // Vulkan's loader: with it the WebGPU tests run on Chromium's software device.
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1'],
    options,
  );
  if (code !== 0) console.error(output.trim().split('\n').slice(-3).join('\n'));
}

/** @returns {Promise<string | undefined>} path of a Chromium, fetched when none was there; undefined: none can be had */
export async function ensureChromium() {
  const found = await findChromium();
  if (found !== undefined) return found;
  mkdirSync(playwrightFolder(), { recursive: true });
  console.error('Fetching Chromium for the end-to-end tests (once)…');
  const cli = inRoot('node_modules', '@playwright', 'test', 'cli.js');
  await run(node24(), [cli, 'install', '--no-shell', 'chromium'], { capture: true, limitMs: DOWNLOAD_LIMIT_MS });
  const fetched = await findChromium();
  if (fetched !== undefined) return fetched;
  await installSystemPackage();
  return findChromium();
}
