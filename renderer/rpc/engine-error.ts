import type { WireError } from '../../main/rpc/wire-error.ts';

/** An error that the engine told, or that the way to it met: `code` is closed, `hint` says what to do. */
export class EngineError extends Error {
  readonly code: string;
  readonly hint: string | null;
  /** The layer that it is about, or null. */
  readonly layer: string | null;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'EngineError';
    this.code = error.code;
    this.hint = error.hint;
    this.layer = error.layer ?? null;
  }
}

/** The connection ended before the answer came. The job, if there was one, may go on: see `job.list` after reconnecting. */
export function connectionLost(): EngineError {
  return new EngineError({
    code: 'CONNECTION_LOST',
    message: 'The engine stopped before it answered',
    hint: 'It is started again by itself; then try once more.',
  });
}

/** Any thrown thing as an EngineError, so that it can be shown. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError({
    code: 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    hint: null,
  });
}

/** Whether an error only says that the user stopped the work. */
export function isCancelled(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'CANCELLED';
}

/** An error in running text: what happened, then what to do. */
export function sayError({ message, hint }: Pick<EngineError, 'message' | 'hint'>): string {
  if (hint === null || hint === '') return message;
  return `${message}${/[.!?…]$/u.test(message) ? '' : '.'} ${hint}`;
}
