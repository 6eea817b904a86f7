/**
 * The closed list of reasons for which the studio refuses, fails or stops. Every error that a user can meet is one of
 * these; anything else is a bug of ours.
 */
export const ERROR_CODES = [
  // wrong usage (exit 2)
  'USAGE',
  // bad input (exit 3)
  'FILE_NOT_FOUND',
  'FILE_UNREADABLE',
  'NOT_ONNX',
  'ONNX_TRUNCATED',
  'ONNX_INVALID',
  'EXTERNAL_DATA_MISSING',
  'EXTERNAL_DATA_OUTSIDE',
  'UNSUPPORTED',
  'MODEL_UNKNOWN_LAYER',
  'SHAPE_MISMATCH',
  'DATA_INVALID',
  'DATA_SHAPE',
  'DATA_LABELS_MISSING',
  'RECIPE_INVALID',
  'QUANTIZE_NOT_FINITE',
  'PRUNE_NOT_FINITE',
  'TRAIN_NO_GRADIENT',
  'TRAIN_NOT_FINITE',
  'TRAIN_TOO_LARGE',
  'WRITE_FAILED',
  'WORKSPACE_INVALID',
  'NOT_FOUND',
  // the runtime failed (exit 4)
  'RUNTIME_LOAD_FAILED',
  'RUNTIME_RUN_FAILED',
  'RUNTIME_DIED',
  'PROVIDER_UNAVAILABLE',
  // stopped by the user (exit 5)
  'CANCELLED',
  // a bug of ours
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface StudioErrorOptions {
  /** What the user can do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The layer that it is about, where it is one. */
  readonly layer?: string;
}

/**
 * An error meant for people: `message` says what was met, where, and what was expected; `hint` says what to do.
 */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly layer: string | undefined;

  constructor(code: ErrorCode, message: string, options: StudioErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StudioError';
    this.code = code;
    this.hint = options.hint;
    this.layer = options.layer;
  }
}

/** The error that every cancelled operation rejects with. */
export function cancelledError(what = 'The operation'): StudioError {
  return new StudioError('CANCELLED', `${what} was cancelled`);
}

/** Throws CANCELLED when the signal is aborted; call it between units of work. */
export function throwIfCancelled(signal: AbortSignal | undefined, what?: string): void {
  if (signal?.aborted) throw cancelledError(what);
}

/** States an invariant of our own code; failing it is a bug, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new StudioError('INTERNAL', `Invariant broken: ${message}`);
}
