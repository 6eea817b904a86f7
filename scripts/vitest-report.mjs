/** What `npm test` reads of a Vitest run: the counts, and each failure in a line, those of no test included. */
import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/** @typedef {import('./test-stages.mjs').Counts} Counts */

/** @param {string | undefined} message @returns {string} its first line, without colours */
const firstLine = (message) =>
  stripVTControlCharacters(message ?? '')
    .trim()
    .split('\n')[0] ?? '';

/**
 * Failing tests by their names, then hooks, files that do not load, and what failed outside of all of them (a worker that
 * died, a promise that nobody awaited): these leave tests undone, which count as skipped.
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {readonly { message: string }[]} unhandled
 * @returns {Counts}
 */
function reportOf(modules, unhandled) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];
  for (const module of modules) {
    const file = module.relativeModuleId;
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result();
      counts[state === 'pending' ? 'skipped' : state] += 1;
      if (state === 'failed') failures.push(`${file} › ${test.fullName}: ${firstLine(errors[0]?.message)}`);
      if (state === 'pending') failures.push(`${file} › ${test.fullName}: did not end`);
    }
    for (const suite of [module, ...module.children.allSuites()]) {
      for (const error of suite.errors()) failures.push(`${file}: ${firstLine(error.message)}`);
    }
  }
  for (const error of unhandled) failures.push(firstLine(error.message));
  return { ...counts, failures };
}

/** Vitest's reporter of that, into the file that LAPIDARY_TEST_REPORT names. */
export default class {
  /** @param {readonly import('vitest/node').TestModule[]} modules @param {readonly { message: string }[]} unhandled */
  onTestRunEnd(modules, unhandled) {
    writeFileSync(process.env['LAPIDARY_TEST_REPORT'] ?? '', JSON.stringify(reportOf(modules, unhandled)));
  }
}
