import { cancelledError, throwIfCancelled } from '../../base/errors.ts';
import { startRunner, type Runner, type RunnerOptions } from './runner.ts';

/** Lends runners to jobs. */
export interface RunnerSource {
  /**
   * Runs `work` with a runner that nobody else uses meanwhile.
   * @param fresh the runner must be newly started (for memory measurements); it is ended afterwards
   * @throws what `work` throws; CANCELLED when the signal is aborted while waiting
   */
  use<T>(
    work: (runner: Runner) => Promise<T>,
    options?: { readonly signal?: AbortSignal | undefined; readonly fresh?: boolean },
  ): Promise<T>;
}

/**
 * One warm runner for one job at a time: a timed job must not share the machine, so the others wait for their turn. A
 * runner that died or was ended by a cancel is replaced at the next use.
 */
export class RunnerPool implements RunnerSource {
  readonly #options: RunnerOptions;
  #warm: Runner | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RunnerOptions = {}) {
    this.#options = options;
  }

  async use<T>(
    work: (runner: Runner) => Promise<T>,
    { signal, fresh = false }: { readonly signal?: AbortSignal | undefined; readonly fresh?: boolean } = {},
  ): Promise<T> {
    const mine = this.#turn.then(async () => {
      throwIfCancelled(signal);
      if (fresh) return withRunner(work, { ...this.#options, signal });
      if (this.#warm === undefined || !this.#warm.alive) this.#warm = await startRunner({ ...this.#options, signal });
      return work(this.#warm);
    });
    this.#turn = mine.catch(() => undefined);
    return signal === undefined ? mine : Promise.race([mine, rejectOnAbort(signal)]);
  }

  /** Ends the warm runner. */
  dispose(): void {
    this.#warm?.kill();
    this.#warm = undefined;
  }
}

/** A source that lends one runner, which the caller holds already. */
export function lendRunner(runner: Runner): RunnerSource {
  return { use: (work) => work(runner) };
}

/** A job that still waits for its turn stops waiting at once. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(cancelledError('The work of the runtime'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Runs `work` with a runner of its own and ends it afterwards. */
export async function withRunner<T>(work: (runner: Runner) => Promise<T>, options: RunnerOptions = {}): Promise<T> {
  const runner = await startRunner(options);
  try {
    return await work(runner);
  } finally {
    runner.kill();
  }
}
