import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../../scripts/electron.mjs';
import { isInstalled } from '../../../scripts/install.mjs';
import { countPlaywright, countVitest, settle } from '../../../scripts/test-stages.mjs';

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
    expect(settle({ passed: 3, failed: 0, skipped: 1 }, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });

  it('does not count a failure twice', () => {
    expect(settle({ passed: 3, failed: 2, skipped: 0 }, 1)).toEqual({ passed: 3, failed: 2, skipped: 0 });
  });

  it('takes a run without a report for failed, whatever its exit status', () => {
    expect(settle(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('reads the reports of both runners', () => {
    const vitest = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
    expect(countVitest(vitest)).toEqual({ passed: 5, failed: 1, skipped: 3 });
    const playwright = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 } };
    expect(countPlaywright(playwright)).toEqual({ passed: 5, failed: 1, skipped: 2 });
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
