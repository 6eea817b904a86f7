import type {
  EventName,
  EventPayload,
  MethodName,
  ParamsIn,
  Result,
  ServerFrame,
} from '../../main/contract/methods.ts';
import { decodeFrame, encodeFrame } from './codec.ts';
import { EngineError, connectionLost } from './engine-error.ts';

/** The part of a WebSocket that the client uses; tests hand in a pair in memory. */
export interface Socket {
  opened: (() => void) | null;
  closed: (() => void) | null;
  received: ((bytes: Uint8Array) => void) | null;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** connecting: never open yet; open; lost: was open, is being opened again. */
export type ConnectionStatus = 'connecting' | 'open' | 'lost';

export interface CallOptions {
  /** Aborting asks the engine to stop the call's job; the call then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called when the call became a job. */
  readonly onJob?: (jobId: string) => void;
}

interface OpenCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: EngineError) => void;
  readonly onJob: ((jobId: string) => void) | undefined;
}

/** Milliseconds before the n-th try to connect again: 250, 400, 640 … at most 3000. */
export function retryDelayMs(attempt: number): number {
  return Math.min(3000, Math.round(250 * 1.6 ** attempt));
}

/**
 * Typed calls and events over one socket that is opened again whenever it closes. Calls made while it is closed wait for
 * it; calls that were under way when it closed reject with CONNECTION_LOST.
 */
export class EngineClient {
  readonly #open: () => Socket;
  readonly #calls = new Map<number, OpenCall>();
  readonly #listeners = new Map<EventName, Set<(payload: never) => void>>();
  readonly #statusListeners = new Set<(status: ConnectionStatus) => void>();
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #socket: Socket | null = null;
  #status: ConnectionStatus = 'connecting';
  #nextId = 1;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param open makes a new socket; called again after every loss */
  constructor(open: () => Socket) {
    this.#open = open;
    this.#connect();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Calls a method of the engine. Rejects with EngineError only. */
  call<M extends MethodName>(method: M, params: ParamsIn<M>, options: CallOptions = {}): Promise<Result<M>> {
    const id = this.#nextId++;
    const { signal, onJob } = options;
    return new Promise<Result<M>>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new EngineError({ code: 'CANCELLED', message: 'Cancelled before it began', hint: null }));
        return;
      }
      const cancel = (): void => this.#send(encodeFrame({ kind: 'cancel', id }));
      signal?.addEventListener('abort', cancel, { once: true });
      const done = (): void => signal?.removeEventListener('abort', cancel);
      this.#calls.set(id, {
        resolve: (result) => {
          done();
          resolve(result as Result<M>);
        },
        reject: (error) => {
          done();
          reject(error);
        },
        onJob,
      });
      this.#send(encodeFrame({ kind: 'call', id, method, params }));
    });
  }

  /** Listens to an event; returns the way to stop. */
  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener as (payload: never) => void);
    return () => listeners.delete(listener as (payload: never) => void);
  }

  /** Tells the present status at once, then every change; returns the way to stop. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#statusListeners.add(listener);
    listener(this.#status);
    return () => this.#statusListeners.delete(listener);
  }

  /** Tries to connect now instead of after the delay. */
  reconnect(): void {
    if (this.#closed || this.#status === 'open') return;
    clearTimeout(this.#retry);
    this.#dropSocket();
    this.#connect();
  }

  /** Ends the connection for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#dropSocket();
    this.#rejectAll();
  }

  #connect(): void {
    const socket = this.#open();
    this.#socket = socket;
    socket.opened = () => {
      this.#attempt = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const frame of waiting) socket.send(frame);
      this.#setStatus('open');
    };
    socket.received = (bytes) => this.#receive(decodeFrame(bytes));
    socket.closed = () => this.#lost();
  }

  #lost(): void {
    this.#dropSocket();
    if (this.#status === 'open') {
      this.#rejectAll();
      this.#setStatus('lost');
    }
    if (!this.#closed) this.#retry = setTimeout(() => this.#connect(), retryDelayMs(this.#attempt++));
  }

  #dropSocket(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.opened = null;
    socket.closed = null;
    socket.received = null;
    socket.close();
  }

  #rejectAll(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(connectionLost());
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#socket !== null && this.#status === 'open') this.#socket.send(frame);
    else this.#waiting.push(frame);
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }

  #receive(frame: ServerFrame): void {
    switch (frame.kind) {
      case 'event':
        for (const listener of this.#listeners.get(frame.event) ?? []) listener(frame.payload as never);
        return;
      case 'job':
        this.#calls.get(frame.id)?.onJob?.(frame.jobId);
        return;
      case 'result':
        this.#calls.get(frame.id)?.resolve(frame.result);
        this.#calls.delete(frame.id);
        return;
      case 'error':
        this.#calls.get(frame.id)?.reject(new EngineError(frame.error));
        this.#calls.delete(frame.id);
    }
  }
}
