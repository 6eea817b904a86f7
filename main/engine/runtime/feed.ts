import type { FedResult, FedSession } from './feeder.ts';
import type { RunnerCallOptions, RunnerCaller } from './protocol.ts';
import type { Session } from './session.ts';

/** Questions asked before the first is answered: the runner never waits for the next one. */
const IN_FLIGHT = 2;

/** A session to run on each batch. */
export interface FedRun {
  readonly session: Session;
  /** Names of the outputs that are sent back. */
  readonly outputs: readonly string[];
}

/** Batches that are made in the runner's process, and run there: only outputs cross back. */
export class Feed {
  readonly #runner: RunnerCaller;
  readonly #id: number;

  constructor(runner: RunnerCaller, id: number) {
    this.#runner = runner;
    this.#id = id;
  }

  /**
   * Runs the sessions on every batch that is left.
   * @throws what making the batches throws; RUNTIME_RUN_FAILED, RUNTIME_DIED, CANCELLED
   */
  async *run(runs: readonly FedRun[], options: RunnerCallOptions = {}): AsyncGenerator<FedResult, void, void> {
    const entries: readonly FedSession[] = runs.map(({ session, outputs }) => ({ session: session.id, outputs }));
    const asked: Promise<readonly FedResult[]>[] = [];
    for (;;) {
      while (asked.length < IN_FLIGHT) {
        const results = this.#runner.call('runFeed', { feed: this.#id, entries }, options);
        results.catch(() => undefined); // thrown when its turn comes
        asked.push(results);
      }
      const results = await asked.shift()!;
      if (results.length === 0) return;
      yield* results;
    }
  }

  /** Ends the thread that makes the batches. */
  async close(options: RunnerCallOptions = {}): Promise<void> {
    await this.#runner.call('closeFeed', { feed: this.#id }, options);
  }
}
