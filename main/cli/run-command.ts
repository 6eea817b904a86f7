import { cancelledError } from '../base/errors.ts';
import type { ErrorCode } from '../base/errors.ts';
import { describeError } from '../rpc/wire-error.ts';
import { OperationThread } from '../services/operation-thread.ts';
import type { OperationName, OperationParams, OperationResult } from '../services/operations/operation-map.ts';
import { exitCodeOf, type ExitCode } from './exit-codes.ts';
import { ProgressBar } from './progress-bar.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a command works with. */
export interface CommandContext {
  readonly signal: AbortSignal;
  /** Runs an operation in its thread, with the progress bar. */
  readonly operate: <N extends OperationName>(name: N, params: OperationParams<N>) => Promise<OperationResult<N>>;
  /** A line for people: on stdout, or nowhere with --json or --quiet. */
  readonly say: (text: string) => void;
}

/**
 * Runs a command's body to its exit code: prints its result as one JSON document with --json, errors as one line (or
 * `{"error"}` with --json), and turns Ctrl-C into a clean stop.
 * @param body returns the JSON document; text is said through the context
 */
export async function runCommand(
  options: CommonOptions,
  body: (context: CommandContext) => Promise<unknown>,
): Promise<ExitCode> {
  const abort = new AbortController();
  const onSignal = (): void => abort.abort(cancelledError('The command'));
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const bar = new ProgressBar(process.stderr, options.quiet !== true && options.json !== true);
  const thread = new OperationThread('lapidary-cli');
  try {
    const result = await body({
      signal: abort.signal,
      operate: async (name, params) => {
        try {
          return await thread.call(name, params, {
            signal: abort.signal,
            progress: (progress) => bar.update(progress),
          });
        } finally {
          bar.clear();
        }
      },
      say: (text) => {
        if (options.json !== true && options.quiet !== true) process.stdout.write(`${text}\n`);
      },
    });
    if (options.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return 0;
  } catch (error) {
    bar.clear();
    return reportError(error, options.json === true);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await thread[Symbol.asyncDispose]();
  }
}

/** Prints an error as people or programs read it, and tells its exit code. */
export function reportError(error: unknown, json: boolean): ExitCode {
  const { code, message, hint } = describeError(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  else
    process.stderr.write(
      `lapidary: ${code}: ${message}${hint === null ? '' : `. ${hint}`}\n`.replaceAll(/\n(?=.)/gu, ' '),
    );
  // Codes that are described come from the closed list.
  return exitCodeOf(code as ErrorCode);
}
