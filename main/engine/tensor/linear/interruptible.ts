import { throwIfCancelled } from '../../../base/errors.ts';

/** Work in pieces of a few milliseconds each: it may be stopped after any of them. */
export type Steps<Result = void> = Generator<void, Result, void>;

/** How long the thread may be busy before it hears what else there is: a cancellation, say. */
const BUSY_MS = 40;

/** Does all the work at once. */
export function runNow<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Does the work and listens now and then.
 * @throws CANCELLED soon after the signal is aborted
 */
export async function runInterruptibly<Result>(steps: Steps<Result>, signal: AbortSignal): Promise<Result> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < BUSY_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
    since = performance.now();
  }
}
