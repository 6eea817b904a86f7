/**
 * The `lapidary` command in a clone: without a command it opens the studio; every other runs in the command line program on
 * Node 24, from `out/` when that is up to date, else straight from the sources.
 */
import { existsSync } from 'node:fs';
import { build, isBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { findNode24, inRoot, node24 } from './paths.mjs';
import { run } from './spawn.mjs';
import { start } from './start.mjs';

const args = process.argv.slice(2);

async function main() {
  const first = args[0];
  if (first === undefined || first === '--browser') return start(args);
  if (!existsSync(inRoot('node_modules')) || findNode24() === undefined) await ensureInstalled();
  // Only the studio needs its window built.
  if (first === 'serve' && !isBuilt() && !(await build({ quiet: true }))) return 1;
  const program = isBuilt() ? inRoot('out', 'main', 'cli.js') : inRoot('main', 'cli', 'cli-entry.ts');
  const { code } = await run(node24(), [program, ...args], { cwd: process.cwd(), env: { LAPIDARY_NODE: node24() } });
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`lapidary: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
