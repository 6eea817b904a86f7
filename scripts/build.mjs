/** Builds `out/`: the shell, the engine, its runner, the command line and the window. `node scripts/build.mjs` always builds. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { inRoot, node24, root } from './paths.mjs';
import { run } from './spawn.mjs';

const SOURCES = ['main', 'renderer', 'preload', 'electron.vite.config.ts', 'tsconfig.json', 'package-lock.json'];
const stampPath = inRoot('out', '.sources');

/** Every file below `path`, or itself. @param {string} path @returns {string[]} */
function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Changes whenever a source file is added, removed, renamed or written. */
export function sourceFingerprint() {
  const hash = createHash('sha256');
  const files = SOURCES.map((name) => inRoot(name))
    .filter((path) => existsSync(path))
    .flatMap(filesBelow)
    .sort();
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Whether `out/` was built from the sources as they are now. */
export function isBuilt() {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sourceFingerprint();
}

/**
 * Builds everything; the stamp is written last, so that a build cut short is built again.
 * @param {{ quiet?: boolean }} [options]
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function build(options = {}) {
  rmSync(stampPath, { force: true });
  const fingerprint = sourceFingerprint();
  const { code, output } = await run(
    node24(),
    [inRoot('node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build'],
    {
      capture: options.quiet === true,
      // Tells electron-vite's look at the Electron package that the binary itself is not needed for a build.
      env: { ELECTRON_SKIP_BINARY_DOWNLOAD: '1' },
    },
  );
  if (code === 0) writeFileSync(stampPath, fingerprint);
  else if (options.quiet === true) console.error(output);
  return code === 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await ensureInstalled();
  process.exitCode = (await build()) ? 0 : 1;
}
