import { ERROR_CODES, StudioError, type ErrorCode } from '../base/errors.ts';
import { noRoomError } from '../base/no-room.ts';

/** An error as it crosses the wire. */
export interface WireError {
  /** One of the closed list; a window also knows CONNECTION_LOST. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** The layer that it is about. */
  readonly layer?: string;
  /** What led to it, the nearest first. */
  readonly causes?: readonly WireCause[];
}

export interface WireCause {
  /** Null for errors that are not ours: the system's, a library's. */
  readonly code: string | null;
  readonly message: string;
}

/** Longer chains are cut: they come from loops. */
const MAX_CAUSES = 8;
const CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/** An error as people are told it; one that is neither a StudioError nor a full disk is a bug of ours and says so. */
export function describeError(error: unknown): Omit<WireError, 'causes'> {
  const known = error instanceof StudioError ? error : noRoomError(error);
  if (known !== undefined) return { ...wireParts(known), ...(known.layer === undefined ? {} : { layer: known.layer }) };
  return {
    code: 'INTERNAL',
    message: `Unexpected: ${messageOf(error)}`,
    hint: 'This is a bug in Lapidary; please report it.',
  };
}

function wireParts({ code, message, hint }: StudioError): Omit<WireError, 'causes'> {
  return { code, message, hint: hint ?? null };
}

/** The same with what led to it, for the other end of a wire. */
export function encodeError(error: unknown): WireError {
  const causes: WireCause[] = [];
  for (let cause = causeOf(error); cause !== undefined && causes.length < MAX_CAUSES; cause = causeOf(cause)) {
    causes.push({ code: cause instanceof StudioError ? cause.code : null, message: messageOf(cause) });
  }
  return causes.length === 0 ? describeError(error) : { ...describeError(error), causes };
}

/** The error that the other end threw: code, hint and causes are kept; a code that is not in the list becomes INTERNAL. */
export function decodeError({ code, message, hint, layer, causes = [] }: WireError): StudioError {
  const cause = causes.reduceRight<Error | undefined>(
    (inner, one) =>
      one.code === null ? plainError(one.message, inner) : studioError(one.code, one.message, null, inner),
    undefined,
  );
  return studioError(code, message, hint, cause, layer);
}

function studioError(
  code: string,
  message: string,
  hint: string | null,
  cause: Error | undefined,
  layer?: string,
): StudioError {
  return new StudioError(CODES.has(code) ? (code as ErrorCode) : 'INTERNAL', message, {
    ...(hint === null ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
    ...(layer === undefined ? {} : { layer }),
  });
}

function plainError(message: string, cause: Error | undefined): Error {
  return cause === undefined ? new Error(message) : new Error(message, { cause });
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? undefined) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
