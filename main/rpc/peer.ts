import { StudioError, cancelledError } from '../base/errors.ts';
import { readFrame, type Frame } from './frame.ts';
import type { Port } from './port.ts';
import { Moved, noMethod, type CallContext, type Calls, type Serve } from './serve.ts';
import { decodeError, encodeError, type WireError } from './wire-error.ts';

export interface PeerOptions {
  /** Answers the other end's calls; without it there is none to call. */
  readonly serve?: Serve;
  readonly onEvent?: (event: string, payload: unknown) => void;
  /** Told when the first call is under way and when the last has ended. */
  readonly onBusy?: (busy: boolean) => void;
  /** Something came that is no frame. Unless told, it is an error of ours. */
  readonly onMalformed?: () => void;
  /** Makes the error that a call rejects with. Default: the StudioError that the other end threw. */
  readonly revive?: (error: WireError) => Error;
}

export interface CallOptions {
  /** Aborting asks the other end to stop; the call rejects when that has answered. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: never) => void) | undefined;
  /** Buffers among the parameters that go over instead of being copied, where the port can do that. */
  readonly moved?: readonly ArrayBuffer[];
}

interface OpenCall {
  readonly method: string;
  readonly settle: (result: unknown) => void;
  readonly fail: (error: unknown) => void;
  readonly onProgress: ((progress: never) => void) | undefined;
}

/**
 * One end of a conversation of calls: gives each answer to its call, whatever the order, carries progress, cancels, events
 * and errors. It knows nothing of what carries the frames: see `Port`.
 */
export class Peer<C extends Calls<C>> {
  readonly #port: Port;
  readonly #options: PeerOptions;
  readonly #calls = new Map<number, OpenCall>();
  readonly #served = new Map<number, AbortController>();
  #lastId = 0;

  constructor(port: Port, options: PeerOptions = {}) {
    this.#port = port;
    this.#options = options;
    port.listen((frame) => this.#receive(frame));
  }

  /** Methods of the calls that wait for an answer. */
  get waitingFor(): readonly string[] {
    return [...this.#calls.values()].map(({ method }) => method);
  }

  /** Calls the other end. @throws what it throws; CANCELLED at once when the signal is aborted already */
  call<M extends keyof C & string>(
    method: M,
    params: C[M]['params'],
    { signal, onProgress, moved }: CallOptions = {},
  ): Promise<C[M]['result']> {
    if (signal?.aborted === true) return Promise.reject(this.#revive(encodeError(cancelledError())));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.#send({ kind: 'cancel', id });
      const end = (): void => {
        signal?.removeEventListener('abort', cancel);
        this.#calls.delete(id);
        if (this.#calls.size === 0) this.#options.onBusy?.(false);
      };
      this.#calls.set(id, {
        method,
        settle: (result) => (end(), resolve(result as C[M]['result'])),
        fail: (error) => (end(), reject(error)),
        onProgress,
      });
      if (this.#calls.size === 1) this.#options.onBusy?.(true);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        this.#send({ kind: 'call', id, method, params }, moved);
      } catch (cause) {
        const error = new StudioError('INTERNAL', `'${method}' cannot be sent: ${String(cause)}`, { cause });
        this.#calls.get(id)?.fail(this.#revive(encodeError(error)));
      }
    });
  }

  /** Tells the other end something. */
  emit(event: string, payload: unknown): void {
    this.#send({ kind: 'event', event, payload });
  }

  /** The other end is gone: its calls are stopped, those that wait for it reject with `reason`. */
  fail(reason: Error): void {
    for (const call of this.#calls.values()) call.fail(reason);
    for (const abort of this.#served.values()) abort.abort(cancelledError());
  }

  #send(frame: Frame, moved?: readonly ArrayBuffer[]): void {
    this.#port.send(frame, moved);
  }

  #receive(value: unknown): void {
    const frame = readFrame(value);
    if (frame === undefined) {
      if (this.#options.onMalformed === undefined) throw new StudioError('INTERNAL', 'A port gave what is no frame');
      this.#options.onMalformed();
      return;
    }
    switch (frame.kind) {
      case 'call':
        void this.#answer(frame.id, frame.method, frame.params);
        return;
      case 'cancel':
        this.#served.get(frame.id)?.abort(cancelledError());
        return;
      case 'event':
        this.#options.onEvent?.(frame.event, frame.payload);
        return;
      // Answers to calls that nobody waits for any more (failed by `fail`, or sent by a stranger) are dropped.
      case 'progress':
        this.#calls.get(frame.id)?.onProgress?.(frame.progress as never);
        return;
      case 'result':
        this.#calls.get(frame.id)?.settle(frame.result);
        return;
      case 'error':
        this.#calls.get(frame.id)?.fail(this.#revive(frame.error));
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const { serve } = this.#options;
    const abort = new AbortController();
    this.#served.set(id, abort);
    const context: CallContext = {
      signal: abort.signal,
      progress: (progress) => this.#send({ kind: 'progress', id, progress }),
    };
    try {
      if (serve === undefined) throw noMethod(method);
      const answer: unknown = await serve(method, params, context);
      if (answer instanceof Moved) this.#send({ kind: 'result', id, result: answer.value }, answer.buffers);
      else this.#send({ kind: 'result', id, result: answer });
    } catch (error) {
      this.#send({ kind: 'error', id, error: encodeError(error) });
    } finally {
      this.#served.delete(id);
    }
  }

  #revive(error: WireError): Error {
    return (this.#options.revive ?? decodeError)(error);
  }
}
