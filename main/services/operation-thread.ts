import { Worker } from 'node:worker_threads';
import { StudioError, cancelledError, type ErrorCode } from '../base/errors.ts';
import type { Progress, TaskContext } from '../base/progress.ts';
import type { OperationName, OperationParams, OperationResult } from './operations/operation-map.ts';

/** Messages to the thread. */
export type ThreadRequest =
  | { readonly kind: 'call'; readonly id: number; readonly name: OperationName; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number };

/** Messages from the thread. */
export type ThreadReply =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly kind: 'error';
      readonly id: number;
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };
    };

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly progress: (progress: Progress) => void;
}

/** How long a cancelled operation may take to stop by itself before its thread is ended. */
const CANCEL_GRACE_MS = 120;

/**
 * Runs operations in a thread, so that heavy work on weights never stops the engine from answering. A cancelled operation
 * that does not stop in time is stopped with its thread; the next call starts a new one. ONNX Runtime is never in this
 * thread (it lives in the runner process), which is what makes ending it safe.
 */
export class OperationThread implements AsyncDisposable {
  readonly #name: string;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 1;

  /** @param name shown by debuggers and profilers */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs one operation.
   * @throws what the operation throws; CANCELLED after an abort; INTERNAL when the thread dies
   */
  async call<N extends OperationName>(
    name: N,
    params: OperationParams<N>,
    { signal, progress }: TaskContext,
  ): Promise<OperationResult<N>> {
    if (signal.aborted) throw cancelledError();
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, progress });
    const onAbort = (): void => {
      worker.postMessage({ kind: 'cancel', id } satisfies ThreadRequest);
      setTimeout(() => {
        if (this.#pending.has(id)) this.#end(worker, cancelledError());
      }, CANCEL_GRACE_MS).unref();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // An idle thread keeps no process alive, one at work does.
    worker.ref();
    try {
      worker.postMessage({ kind: 'call', id, name, params } satisfies ThreadRequest);
      // The map types the result; the thread runs the operation of this very name.
      return (await promise) as OperationResult<N>;
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) worker.unref();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#end(worker, cancelledError());
    await worker.terminate();
  }

  #start(): Worker {
    const entry = new URL(
      import.meta.url.endsWith('.ts') ? './operation-thread-entry.ts' : './operations.js',
      import.meta.url,
    );
    const worker = new Worker(entry, { name: this.#name });
    worker.on('message', (reply: ThreadReply) => this.#receive(reply));
    worker.on('error', (cause) => {
      this.#end(worker, new StudioError('INTERNAL', `A compute thread failed: ${String(cause)}`, { cause }));
    });
    worker.on('exit', () => this.#end(worker, new StudioError('INTERNAL', 'A compute thread ended unexpectedly')));
    worker.unref();
    return worker;
  }

  #receive(reply: ThreadReply): void {
    const call = this.#pending.get(reply.id);
    if (call === undefined) return;
    if (reply.kind === 'progress') call.progress(reply.progress);
    else if (reply.kind === 'result') call.resolve(reply.result);
    else {
      const { code, message, hint } = reply.error;
      call.reject(new StudioError(code, message, hint === undefined ? {} : { hint }));
    }
  }

  #end(worker: Worker, reason: StudioError): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const call of this.#pending.values()) call.reject(reason);
    void worker.terminate();
  }
}
