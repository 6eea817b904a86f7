import type { ErrorCode } from '../base/errors.ts';

/**
 * What the shell sees: 0 done, 1 a bug of ours, 2 wrong usage, 3 bad input, 4 the runtime failed, 5 cancelled, 6 the doctor found
 * what it was told to fail on.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | typeof FOUND;

/** The exit code of an examination that found something of the severity named. */
export const FOUND = 6;

/** The exit code of an error. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'INTERNAL':
      return 1;
    case 'USAGE':
      return 2;
    case 'RUNTIME_LOAD_FAILED':
    case 'RUNTIME_RUN_FAILED':
    case 'RUNTIME_DIED':
    case 'PROVIDER_UNAVAILABLE':
      return 4;
    case 'CANCELLED':
      return 5;
    default:
      return 3;
  }
}
