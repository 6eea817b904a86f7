import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { reasonOf } from '../../../scripts/electron.mjs';
import { isInstalled } from '../../../scripts/install.mjs';
import { inRoot } from '../../../scripts/paths.mjs';
import { run } from '../../../scripts/spawn.mjs';
import { attempts, countPlaywright, settle } from '../../../scripts/test-stages.mjs';
import { tempFolder } from '../../support/temp-folder.ts';

describe('isInstalled', () => {
  const wanted = {
    packages: {
      '': { version: '1' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  };

  it('is content without the optional packages of other platforms', () => {
    expect(isInstalled(wanted, { packages: { 'node_modules/a': { version: '1.0.0' } } })).toBe(true);
  });

  it('sees another version and a missing package', () => {
    expect(isInstalled(wanted, { packages: { 'node_modules/a': { version: '1.0.1' } } })).toBe(false);
    expect(isInstalled(wanted, {})).toBe(false);
  });
});

describe('counting of tests', () => {
  it('adds a failure for a run that failed without a failing test', () => {
    const counts = { passed: 3, failed: 0, skipped: 1, failures: ['a.test.ts: its hook failed'] };
    expect(settle(counts, 1)).toEqual({ ...counts, failed: 1 });
  });

  it('does not count a failure twice', () => {
    const counts = { passed: 3, failed: 2, skipped: 0, failures: ['a', 'b'] };
    expect(settle(counts, 1)).toEqual(counts);
  });

  it('takes a run without a report for failed, whatever its exit status', () => {
    expect(settle(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0, failures: ['no report was written'] });
  });

  it('makes a run once more in which no test failed, and tells why; never one with a failing test', async () => {
    const whole = { passed: 3, failed: 0, skipped: 0, failures: [] };
    const died = { code: 1, counts: { passed: 2, failed: 0, skipped: 1, failures: ['a worker died'] } };
    const failing = { code: 1, counts: { passed: 2, failed: 1, skipped: 0, failures: ['a.test.ts › adds'] } };
    const told = 'in a first run: a worker died';
    using said = vi.spyOn(console, 'log').mockImplementation(() => {});
    const outcome = (...runs: (typeof died)[]) => attempts(() => Promise.resolve(runs.shift()!));
    expect(await outcome(died, { code: 0, counts: whole })).toEqual({ ...whole, failures: [told] });
    expect(await outcome(died, died)).toEqual({ ...died.counts, failed: 1, failures: [told, 'a worker died'] });
    expect(await outcome(died, failing)).toEqual({ ...failing.counts, failures: [told, 'a.test.ts › adds'] });
    expect(await outcome(failing)).toEqual(failing.counts);
    expect(said.mock.calls).toEqual(
      Array.from({ length: 3 }, () => ['No test failed, but the run did: a worker died. Once more.']),
    );
  });

  it('reads the report of the browser tests', () => {
    const failed = [{ errors: [{ message: '\u001B[31mexpected\u001B[39m\n  + 1' }] }];
    const specs = [
      { title: 'one', file: 'a.spec.ts', ok: true, tests: [{ status: 'expected', results: [{ errors: [] }] }] },
      { title: 'two', file: 'a.spec.ts', ok: false, tests: [{ status: 'unexpected', results: failed }] },
      {
        title: 'three',
        file: 'a.spec.ts',
        ok: true,
        tests: [{ status: 'flaky', results: [...failed, { errors: [] }] }],
      },
    ];
    const report = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 }, suites: [{ suites: [{ specs }] }] };
    expect(countPlaywright(report)).toEqual({
      passed: 5,
      failed: 1,
      skipped: 2,
      failures: ['a.spec.ts › two: expected + 1', 'passed when tried again: a.spec.ts › three: expected + 1'],
    });
  });

  it('names what failed: a test, a hook, a worker that dies, a promise that nobody awaits', async () => {
    using folder = tempFolder();
    const bodies = {
      test: "it('adds', () => expect(1).toBe(2));",
      hook: "beforeAll(() => { throw new Error('no runner'); }); it('runs', () => {});",
      worker: "it('dies', () => process.kill(process.pid, 'SIGKILL'));",
      promise: "it('ends', () => { Promise.reject(new Error('lost')); });",
    };
    for (const [name, body] of Object.entries(bodies)) writeFileSync(folder.file(`${name}.test.js`), body);
    const report = folder.file('report.json');
    const args = ['run', '--globals', '--root', folder.path, '--pool=forks'];
    const { code } = await run(
      process.execPath,
      [inRoot('node_modules', 'vitest', 'vitest.mjs'), ...args, `--reporter=${inRoot('scripts', 'vitest-report.mjs')}`],
      { env: { LAPIDARY_TEST_REPORT: report, VITEST: '' }, capture: true },
    );
    const { failures, ...counts } = JSON.parse(readFileSync(report, 'utf8')) as { failures: string[] };
    expect(code).toBe(1);
    expect(counts).toEqual({ passed: 1, failed: 1, skipped: 2 });
    expect(failures.toSorted()).toEqual([
      expect.stringMatching(/worker/iu),
      'hook.test.js: no runner',
      'lost',
      expect.stringMatching(/^test\.test\.js › adds: expected 1 to be 2/u),
      'worker.test.js › dies: did not end',
    ]);
  });
});

describe('reasonOf', () => {
  it('takes the line that says what went wrong, without the stack', () => {
    const output =
      'Downloading…\nRequestError: getaddrinfo ENOTFOUND example.org\n    at GetAddrInfoReqWrap (node:dns)';
    expect(reasonOf(output)).toBe('getaddrinfo ENOTFOUND example.org');
  });

  it('has a word for an installer that says nothing', () => {
    expect(reasonOf('')).toBe('the download failed');
  });
});
