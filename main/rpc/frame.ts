import type { WireError } from './wire-error.ts';

/** Everything that two peers say to each other. Ids are the caller's own; both sides may call. */
export type Frame =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  /** Asks the served call to stop; its answer still comes. */
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  /** Told without being asked. */
  | { readonly kind: 'event'; readonly event: string; readonly payload: unknown };

/** The frame that `value` is, or undefined when it is none: what comes over a socket may be anything. */
export function readFrame(value: unknown): Frame | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, id, method, event, error } = value as Readonly<Record<string, unknown>>;
  const fits =
    kind === 'event'
      ? typeof event === 'string'
      : Number.isSafeInteger(id) &&
        ((kind === 'call' && typeof method === 'string') ||
          kind === 'cancel' ||
          kind === 'progress' ||
          kind === 'result' ||
          (kind === 'error' && isWireError(error)));
  return fits ? (value as Frame) : undefined;
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Readonly<Record<string, unknown>>;
  return typeof code === 'string' && typeof message === 'string';
}
