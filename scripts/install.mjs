/** Installs what the lock file says, when it is not there yet, and sees to it that a Node 24 is. */
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundledNodePath, cache, findNode24, inRoot, root } from './paths.mjs';
import { npm, run } from './spawn.mjs';

/** Install steps that would fetch from places that are no package registry; both are done later, or never. */
const QUIET_INSTALL = {
  ELECTRON_SKIP_BINARY_DOWNLOAD: '1',
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip',
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
};

/** @typedef {{ packages?: Record<string, { version?: string, optional?: boolean, peer?: boolean, dev?: boolean }> }} Lock */

/**
 * Whether everything that the lock file asks for is installed at its version. Optional packages (other platforms') may lack.
 * @param {Lock} wanted     package-lock.json
 * @param {Lock} installed  node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  const there = installed.packages ?? {};
  return Object.entries(wanted.packages ?? {}).every(
    ([path, entry]) => path === '' || entry.optional === true || there[path]?.version === entry.version,
  );
}

function upToDate() {
  const lockPath = inRoot('package-lock.json');
  const hiddenPath = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(hiddenPath)) return false;
  if (statSync(hiddenPath).mtimeMs >= statSync(lockPath).mtimeMs) return true;
  // A checkout touches the lock file without changing it: what it says decides.
  return isInstalled(JSON.parse(readFileSync(lockPath, 'utf8')), JSON.parse(readFileSync(hiddenPath, 'utf8')));
}

/**
 * `npm install --no-save` takes the versions and checksums of the lock file as `npm ci` does, but leaves what is installed
 * in place, and does not refuse when the lock file lacks the optional packages of a platform that its writer could not see.
 */
async function installPackages() {
  console.error('Installing packages (once; a minute or two)…');
  const args = ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'];
  for (const attempt of [1, 2]) {
    const { code } = await npm(args, { env: QUIET_INSTALL, toStderr: true });
    if (code === 0) return;
    if (attempt === 1) console.error('Installing failed; trying once more…');
  }
  throw new Error(
    `npm could not install the packages into ${root}. Is the registry reachable, and is there room on the disk? ` +
      'The lines above say what npm met; `npm install` shows them again.',
  );
}

/** Whether the executable really starts and is new enough: a download cut short leaves a file that does neither. */
async function works(/** @type {string} */ node) {
  const { code, output } = await run(node, ['--version'], { capture: true, limitMs: 20_000 });
  return code === 0 && Number(/^v(\d+)\./.exec(output)?.[1] ?? 0) >= 24;
}

/**
 * The `node` package fetches its executable in an install script, which npm may refuse to run. Then its platform's package
 * is installed by itself, and the executable put where the script would have put it.
 */
async function ensureNode24() {
  const found = findNode24();
  if (found !== undefined && (await works(found))) return;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform}-${process.arch}`;
  const folder = join(cache, 'node24');
  mkdirSync(folder, { recursive: true });
  console.error(`Fetching Node 24 (${name})…`);
  const args = [
    'install',
    '--no-save',
    '--prefix',
    folder,
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
    `${name}@24`,
  ];
  await npm(args, { toStderr: true });
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  const fetched = join(folder, 'node_modules', name, 'bin', executable);
  if (existsSync(fetched) && (await works(fetched))) {
    mkdirSync(dirname(bundledNodePath), { recursive: true });
    rmSync(bundledNodePath, { force: true });
    try {
      linkSync(fetched, bundledNodePath);
    } catch {
      // Hard links do not cross file systems, and some have none.
      copyFileSync(fetched, bundledNodePath);
    }
    return;
  }
  rmSync(bundledNodePath, { force: true });
  const own = findNode24();
  if (own !== undefined) return;
  throw new Error(
    `Node 24 could not be installed (npm package ${name}), and this Node is ${process.version}. ` +
      'Install Node 24 or newer from nodejs.org and run this again.',
  );
}

/**
 * Makes `node_modules` match the lock file and Node 24 available; returns at once when they are.
 * @throws when npm cannot install, saying what to look at
 */
export async function ensureInstalled() {
  if (!upToDate()) await installPackages();
  await ensureNode24();
}
