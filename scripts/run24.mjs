/** Runs a script on the Node 24 that the project carries, whatever `node` is on the path: run24.mjs SCRIPT [ARGS…]. */
import { node24 } from './paths.mjs';
import { run } from './spawn.mjs';

const { code } = await run(node24(), process.argv.slice(2));
process.exit(code);
