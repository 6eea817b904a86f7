/** Runs a script on the Node 24 that the project carries, whatever `node` is on the path: run24.mjs SCRIPT [ARGS…]. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const node = fileURLToPath(
  new URL(`../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url),
);
const { status, signal } = spawnSync(node, process.argv.slice(2), { stdio: 'inherit' });
process.exit(signal === null ? (status ?? 1) : 1);
