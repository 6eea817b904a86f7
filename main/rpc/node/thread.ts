import { Worker } from 'node:worker_threads';
import { StudioError, cancelledError } from '../../base/errors.ts';
import { Peer, type CallOptions } from '../peer.ts';
import type { Calls, Serve } from '../serve.ts';
import { threadPort } from './thread-port.ts';

export interface ThreadOptions {
  /** The thread's module. */
  readonly entry: URL;
  /** Shown by debuggers and profilers. */
  readonly name: string;
  /** What the thread is told when it starts (`workerData`). */
  readonly data?: unknown;
  /** Answers the thread's calls. */
  readonly serve?: Serve;
}

/** How long a cancelled call may take to stop by itself before its thread is ended. */
const CANCEL_GRACE_MS = 120;

interface Running<C extends Calls<C>> {
  readonly worker: Worker;
  readonly peer: Peer<C>;
}

/**
 * A worker thread that answers calls, started with the first. An idle one keeps no process alive. A cancelled call that
 * does not stop in time is stopped with its thread, and with all other calls to it; the next call starts a new one.
 */
export class Thread<C extends Calls<C>> implements AsyncDisposable {
  readonly #options: ThreadOptions;
  #running: Running<C> | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Starts the thread ahead of its first call. */
  start(): void {
    this.#running ??= this.#start();
  }

  /** @throws what the call throws; CANCELLED after an abort; INTERNAL when the thread dies */
  async call<M extends keyof C & string>(
    method: M,
    params: C[M]['params'],
    options: CallOptions = {},
  ): Promise<C[M]['result']> {
    const { signal } = options;
    if (signal?.aborted === true) throw cancelledError();
    const running = (this.#running ??= this.#start());
    let isOpen = true;
    const onAbort = (): void => {
      setTimeout(() => {
        if (isOpen) this.#end(running, cancelledError());
      }, CANCEL_GRACE_MS).unref();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await running.peer.call(method, params, options);
    } finally {
      isOpen = false;
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#end(running, cancelledError());
    await running.worker.terminate();
  }

  #start(): Running<C> {
    const { entry, name, data, serve } = this.#options;
    const worker = new Worker(entry, { name, workerData: data });
    const peer = new Peer<C>(threadPort(worker), {
      ...(serve === undefined ? {} : { serve }),
      onBusy: (busy) => (busy ? worker.ref() : worker.unref()),
    });
    const running = { worker, peer };
    worker.on('error', (cause) => {
      this.#end(running, new StudioError('INTERNAL', `The thread ${name} failed: ${String(cause)}`, { cause }));
    });
    worker.on('exit', () => this.#end(running, new StudioError('INTERNAL', `The thread ${name} ended unexpectedly`)));
    worker.unref();
    return running;
  }

  #end(running: Running<C>, reason: StudioError): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    running.peer.fail(reason);
    void running.worker.terminate();
  }
}
