import type {
  EventName,
  EventPayload,
  JobProgress,
  MethodName,
  ParamsIn,
  Result,
  WindowCalls,
} from '../../main/contract/methods.ts';
import { Peer } from '../../main/rpc/peer.ts';
import { socketPort } from '../../main/rpc/socket-port.ts';
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
  readonly #peer: Peer<WindowCalls>;
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #statusListeners = new Set<(status: ConnectionStatus) => void>();
  #receive: (bytes: Uint8Array) => void = () => undefined;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #socket: Socket | null = null;
  #status: ConnectionStatus = 'connecting';
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param open makes a new socket; called again after every loss */
  constructor(open: () => Socket) {
    this.#open = open;
    const port = socketPort({
      send: (bytes) => this.#send(bytes),
      listen: (receive) => void (this.#receive = receive),
    });
    this.#peer = new Peer(port, {
      // An engine that talks nonsense is lost like one that does not answer.
      onMalformed: () => this.#lost(),
      revive: (error) => new EngineError(error),
      onEvent: (event, payload) => {
        for (const listener of this.#listeners.get(event) ?? []) listener(payload as never);
      },
    });
    this.#connect();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Calls a method of the engine. Rejects with EngineError only. */
  call<M extends MethodName>(method: M, params: ParamsIn<M>, { signal, onJob }: CallOptions = {}): Promise<Result<M>> {
    return this.#peer.call(method, params, { signal, onProgress: ({ jobId }: JobProgress) => onJob?.(jobId) });
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
    this.#peer.fail(connectionLost());
  }

  #connect(): void {
    const socket = this.#open();
    this.#socket = socket;
    socket.opened = () => {
      this.#attempt = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const bytes of waiting) socket.send(bytes);
      this.#setStatus('open');
    };
    socket.received = (bytes) => this.#receive(bytes);
    socket.closed = () => this.#lost();
  }

  #lost(): void {
    this.#dropSocket();
    if (this.#status === 'open') {
      this.#peer.fail(connectionLost());
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

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket !== null && this.#status === 'open') this.#socket.send(bytes);
    else this.#waiting.push(bytes);
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }
}
