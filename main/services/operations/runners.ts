import type { Turns } from '../../base/turns.ts';
import type { Runner } from '../../engine/runtime/runner.ts';
import { RunnerPool } from '../../engine/runtime/runner-pool.ts';

let turns: Turns | undefined;

/** The runner of this thread: kept warm between operations, ended with a cancelled one. */
const pool = new RunnerPool({
  get turns() {
    return turns;
  },
});

/** From now on, what this thread's runners time takes turns with others. To be called before the first operation. */
export function takeTurnsWith(others: Turns): void {
  turns = others;
}

/** Runs `work` with this thread's runner. @throws what `work` throws; CANCELLED */
export function withThreadRunner<T>(signal: AbortSignal, work: (runner: Runner) => Promise<T>): Promise<T> {
  return pool.use(work, { signal });
}

/** The pool itself, for operations that need a fresh process to measure memory in. */
export const runners = pool;
