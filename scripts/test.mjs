/**
 * `npm test [-- --only GROUP…]`: installs what is missing, then runs every check and every test and ends with
 * `N passed, N failed, N skipped` alone on the last line. Groups: checks, architecture, unit, contract, acceptance, build, e2e.
 */
import { ensureInstalled } from './install.mjs';

/** @typedef {import('./test-stages.mjs').Counts} Counts */

/** @param {readonly string[]} args @param {readonly string[]} groups */
function chosenGroups(args, groups) {
  const at = args.indexOf('--only');
  if (at === -1 && args.length === 0) return groups;
  const names = at === -1 ? [] : args.slice(at + 1).flatMap((arg) => arg.split(','));
  const unknown = [...args.slice(0, Math.max(at, 0)), ...names.filter((name) => !groups.includes(name))];
  if (names.length === 0 || unknown.length > 0) {
    throw new Error(`got "${args.join(' ')}", expected --only with some of: ${groups.join(', ')}`);
  }
  return names;
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

async function main() {
  await ensureInstalled();
  const { stages } = await import('./test-stages.mjs');
  const groups = [...new Set(stages.map((stage) => stage.group))];
  const chosen = chosenGroups(process.argv.slice(2), groups);

  const rows = [];
  for (const stage of stages.filter(({ group }) => chosen.includes(group))) {
    console.log(`\n── ${stage.name}`);
    const began = Date.now();
    const counts = await stage.run();
    rows.push({ name: stage.name, counts, ms: Date.now() - began });
  }

  console.log('\n── summary');
  /** @type {Counts} */
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { name, counts, ms } of rows) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    const numbers = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    console.log(`${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(22)} ${numbers} (${seconds(ms)})`);
    for (const failure of counts.failures) console.log(`       ${failure}`);
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`npm test: ${error instanceof Error ? error.message : String(error)}`);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
