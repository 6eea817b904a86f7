/** The stages of `npm test`: what each runs, and how its outcome is counted. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { cache, inRoot, node24 } from './paths.mjs';
import { run } from './spawn.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts each failure in a line */
/** @typedef {{ name: string, group: string, run: () => Promise<Counts> }} Stage */

/** A check without cases of its own counts as one. @param {boolean} ok @returns {Counts} */
const one = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: [] });

/** A tool of `node_modules`, run on Node 24. @param {readonly string[]} command script below node_modules, then arguments */
const tool = async ([script = '', ...args]) => {
  const { code } = await run(node24(), [inRoot('node_modules', script), ...args]);
  return code === 0;
};

/** @param {string} name @param {readonly string[]} command @returns {Stage} */
const check = (name, command) => ({ name, group: 'checks', run: async () => one(await tool(command)) });

/** Makes room for a report, so that an old one is never read. @param {string} name */
function freshReport(name) {
  const path = join(cache, 'test', `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  return path;
}

/**
 * Counts of a report; a run that failed without a failing case (a crash, a file that does not load, no report) counts one.
 * @param {Counts | undefined} counts undefined: there is no report
 * @param {number} code exit status of the run
 * @returns {Counts}
 */
export function settle(counts, code) {
  const settled = counts ?? { passed: 0, failed: 0, skipped: 0, failures: ['no report was written'] };
  const broken = (code !== 0 && settled.failed === 0) || counts === undefined;
  return broken ? { ...settled, failed: settled.failed + 1 } : settled;
}

/** @param {string} path @returns {any} undefined when there is none */
const readReport = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);

/** @typedef {{ status: string, results: readonly { errors: readonly { message?: string }[] }[] }} SpecTest */
/** @typedef {{ title: string, file: string, ok: boolean, tests: readonly SpecTest[] }} Spec */
/** @typedef {{ specs?: readonly Spec[], suites?: readonly Suite[] }} Suite */
/** @typedef {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } } & Suite} PlaywrightReport */

/** What a case failed with, in one line; of a difference, what differs. @param {Spec} spec */
function reasonsOf({ tests }) {
  const messages = tests.flatMap(({ results }) =>
    results.flatMap(({ errors }) => errors.map(({ message }) => message)),
  );
  const [first = 'no reason given'] = messages;
  return stripVTControlCharacters(first).replaceAll(/\s+/gu, ' ').slice(0, 600);
}

/** Cases that failed, and those that passed only when tried again. @param {Suite} suite @returns {string[]} */
const failuresIn = ({ specs = [], suites = [] }) => [
  ...specs.filter(({ ok }) => !ok).map((spec) => `${spec.file} › ${spec.title}: ${reasonsOf(spec)}`),
  ...specs
    .filter(({ ok, tests }) => ok && tests.some(({ status }) => status === 'flaky'))
    .map((spec) => `passed when tried again: ${spec.file} › ${spec.title}: ${reasonsOf(spec)}`),
  ...suites.flatMap(failuresIn),
];

/** @param {PlaywrightReport} report @returns {Counts} */
export const countPlaywright = (report) => ({
  passed: report.stats.expected + report.stats.flaky,
  failed: report.stats.unexpected,
  skipped: report.stats.skipped,
  failures: failuresIn(report),
});

/** Runs the tests of a folder below test/. @param {string} folder */
async function runVitest(folder) {
  const report = freshReport(folder);
  const args = [inRoot('node_modules', 'vitest', 'vitest.mjs'), 'run', `test/${folder}/`];
  const reporters = ['--reporter=default', `--reporter=${inRoot('scripts', 'vitest-report.mjs')}`];
  const { code } = await run(node24(), [...args, ...reporters], { env: { LAPIDARY_TEST_REPORT: report } });
  return { code, counts: /** @type {Counts | undefined} */ (readReport(report)) };
}

/**
 * A run in which no test failed and which failed all the same (a worker that died or did not start) is made once more, and what
 * was wrong with the first is told with the result of the second. A test that fails is not tried again.
 * @param {() => Promise<{ code: number, counts: Counts | undefined }>} attempt
 * @returns {Promise<Counts>}
 */
export async function attempts(attempt) {
  const first = await attempt();
  if (first.code === 0 || (first.counts?.failed ?? 0) > 0) return settle(first.counts, first.code);
  const reasons = settle(first.counts, first.code).failures;
  console.log(`No test failed, but the run did: ${reasons.join('; ')}. Once more.`);
  const second = await attempt();
  const settled = settle(second.counts, second.code);
  return { ...settled, failures: [...reasons.map((reason) => `in a first run: ${reason}`), ...settled.failures] };
}

/** @param {string} folder below test/ @returns {Stage} */
const vitest = (folder) => ({ name: `${folder} tests`, group: folder, run: () => attempts(() => runVitest(folder)) });

/** @returns {Promise<Counts>} */
async function endToEnd() {
  const chromium = await ensureChromium();
  if (chromium === undefined) {
    console.error(
      'No Chromium is here and none could be fetched. Install one (Debian: apt-get install chromium) or name it in LAPIDARY_CHROMIUM.',
    );
    return one(false);
  }
  const report = freshReport('e2e');
  const { code } = await run(
    node24(),
    // A busy machine is told apart from a defect: what passes only when tried again is named in the summary, with its reason.
    [inRoot('node_modules', '@playwright', 'test', 'cli.js'), 'test', '--retries=1', '--reporter=list,json'],
    { env: { LAPIDARY_CHROMIUM: chromium, LAPIDARY_NODE: node24(), PLAYWRIGHT_JSON_OUTPUT_FILE: report } },
  );
  const read = readReport(report);
  return settle(read === undefined ? undefined : countPlaywright(read), code);
}

/** In the order in which they run: the quick answers first. @type {readonly Stage[]} */
export const stages = [
  check('type check', ['typescript-native/bin/tsc', '-p', 'tsconfig.json']),
  check('type check, window', ['typescript-native/bin/tsc', '-p', 'renderer/tsconfig.json']),
  check('type check, end to end', ['typescript-native/bin/tsc', '-p', 'test/e2e/tsconfig.json']),
  check('lint', ['oxlint/bin/oxlint', '.']),
  check('format', ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']),
  check('unused code', ['knip/bin/knip.js']),
  vitest('architecture'),
  vitest('unit'),
  vitest('contract'),
  vitest('acceptance'),
  { name: 'build', group: 'build', run: async () => one(await build({ quiet: true })) },
  { name: 'end-to-end tests', group: 'e2e', run: endToEnd },
];
