import type { TaskContext } from '../base/progress.ts';
import { Thread } from '../rpc/node/thread.ts';
import type { OperationMap, OperationName, OperationParams, OperationResult } from './operations/operation-map.ts';

/**
 * Runs operations in a thread, so that heavy work on weights never stops the engine from answering. ONNX Runtime is never in
 * this thread (it lives in the runner process), which is what makes ending it safe.
 */
export class OperationThread implements AsyncDisposable {
  readonly #thread: Thread<OperationMap>;

  /** @param name shown by debuggers and profilers */
  constructor(name: string) {
    const entry = import.meta.url.endsWith('.ts') ? './operation-thread-entry.ts' : './operations.js';
    this.#thread = new Thread({ entry: new URL(entry, import.meta.url), name });
  }

  /**
   * Runs one operation.
   * @throws what the operation throws; CANCELLED after an abort; INTERNAL when the thread dies
   */
  call<N extends OperationName>(
    name: N,
    params: OperationParams<N>,
    { signal, progress }: TaskContext,
  ): Promise<OperationResult<N>> {
    return this.#thread.call(name, params, { signal, onProgress: progress });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
