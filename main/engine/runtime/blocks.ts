import { BLOCK_MS, type Turns } from '../../base/turns.ts';

/** What cutting runs into blocks needs of the world; the clock is in milliseconds. */
export interface BlocksHost {
  readonly now: () => number;
  /** Absent: nobody else is there, and the work is not cut. */
  readonly take?: Turns['take'];
}

/**
 * Cuts a series of runs into blocks of at most `BLOCK_MS`: between two of them others get the machine.
 */
export class Blocks {
  readonly #host: BlocksHost;
  #begunAt = -Infinity;
  #lastRunMs = 0;
  #pausedMs = 0;

  constructor(host: BlocksHost) {
    this.#host = host;
  }

  /** The clock without the time that others had. */
  now(): number {
    return this.#host.now() - this.#pausedMs;
  }

  /**
   * To be called before each run: ends the block when one more run like the last would pass its length.
   * @returns whether others were at work meanwhile
   */
  async next(): Promise<boolean> {
    const { now, take } = this.#host;
    const start = now();
    if (take === undefined || start - this.#begunAt + this.#lastRunMs <= BLOCK_MS) return false;
    const disturbed = await take();
    this.#begunAt = now();
    this.#pausedMs += this.#begunAt - start;
    return disturbed;
  }

  /** Runs and tells how long it took, ms. */
  async time(run: () => Promise<unknown>): Promise<number> {
    const start = this.#host.now();
    await run();
    this.#lastRunMs = this.#host.now() - start;
    return this.#lastRunMs;
  }
}
