import { StudioError } from '../base/errors.ts';

/** What a served call gets beside its parameters. */
export interface CallContext {
  /** Aborted when the caller asks the call to stop, and when the caller is gone. */
  readonly signal: AbortSignal;
  readonly progress: (progress: unknown) => void;
}

/** Answers the other end's calls. A promise that rejects is told as an error. */
export type Serve = (method: string, params: unknown, context: CallContext) => unknown;

/** A map from method to the types of its parameters and its result. */
export type Calls<C> = { readonly [M in keyof C]: { readonly params: unknown; readonly result: unknown } };

/** One function for each call of a map. */
export type Table<C extends Calls<C>> = {
  readonly [M in keyof C]: (params: C[M]['params'], context: CallContext) => C[M]['result'] | Promise<C[M]['result']>;
};

/** Serves a table; both ends are of the same build, so parameters are not checked. @throws USAGE for other methods */
export function serveTable<C extends Calls<C>>(table: Table<C>): Serve {
  return (method, params, context) => {
    if (!Object.hasOwn(table, method)) throw noMethod(method);
    // The caller's `Peer<C>` typed the parameters of this very method.
    return (table[method as keyof C] as (params: unknown, context: CallContext) => unknown)(params, context);
  };
}

/** Error of a call to something that is not served. */
export function noMethod(method: string): StudioError {
  return new StudioError('USAGE', `There is no method '${method}'`);
}

/** A result whose buffers go over to the caller instead of being copied: nobody here may use them afterwards. */
export class Moved {
  readonly value: unknown;
  readonly buffers: readonly ArrayBuffer[];

  constructor(value: unknown, buffers: readonly ArrayBuffer[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

/** Smaller buffers are copied sooner than moved. */
const WORTH_MOVING_BYTES = 4096;

/**
 * A result of which all large arrays go over instead of being copied. For results that were made for this call alone: nobody
 * here may use them afterwards.
 * @param value plain objects, arrays and typed arrays; a typed array that is a part of its buffer is copied
 */
export function moved(value: unknown): Moved {
  const buffers = new Set<ArrayBuffer>();
  const gather = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if (ArrayBuffer.isView(part)) {
      const { buffer, byteLength } = part;
      const whole = byteLength === buffer.byteLength && byteLength >= WORTH_MOVING_BYTES;
      if (whole && buffer instanceof ArrayBuffer) buffers.add(buffer);
    } else {
      for (const inner of Object.values(part)) gather(inner);
    }
  };
  gather(value);
  return new Moved(value, [...buffers]);
}
