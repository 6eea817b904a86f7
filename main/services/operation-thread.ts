import type { TaskContext } from '../base/progress.ts';
import type { Turns } from '../base/turns.ts';
import type { TrainingOrder } from '../contract/training.ts';
import { Thread } from '../rpc/node/thread.ts';
import { serveTable } from '../rpc/serve.ts';
import type { OperationMap, OperationName, OperationParams, OperationResult } from './operations/operation-map.ts';

/** What the thread is told when it starts. */
export interface OperationThreadData {
  readonly takesTurns: boolean;
}

/** What the thread asks of its owner; see `Turns`. */
export interface OperationQuestions {
  takeTurn: { params: null; result: boolean };
  giveBackTurn: { params: null; result: null };
  /** Before each step of a training. */
  trainingOrder: { params: null; result: TrainingOrder };
}

/**
 * Runs operations in a thread, so that heavy work on weights never stops the engine from answering. ONNX Runtime is never in
 * this thread (it lives in the runner process), which is what makes ending it safe.
 */
export class OperationThread implements AsyncDisposable {
  readonly #thread: Thread<OperationMap>;

  readonly #turns: Turns | undefined;

  /**
   * @param name shown by debuggers and profilers
   * @param turns who else wants the machine; what the operations time takes turns with it
   * @param order what a training is to do next
   */
  constructor(name: string, turns?: Turns, order: () => TrainingOrder = () => 'go') {
    this.#turns = turns;
    const entry = import.meta.url.endsWith('.ts') ? './operation-thread-entry.ts' : './operations.js';
    this.#thread = new Thread({
      entry: new URL(entry, import.meta.url),
      name,
      data: { takesTurns: turns !== undefined } satisfies OperationThreadData,
      serve: serveTable<OperationQuestions>({
        takeTurn: () => turns?.take() ?? false,
        giveBackTurn: () => {
          turns?.giveBack();
          return null;
        },
        trainingOrder: () => order(),
      }),
    });
  }

  /** Starts the thread ahead of its first operation: reading its modules takes some hundred milliseconds. */
  start(): void {
    this.#thread.start();
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
    try {
      return await this.#thread.call(name, params, { signal, onProgress: progress });
    } finally {
      // A thread that was ended in the middle of a timed series does not say so itself.
      this.#turns?.giveBack();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
