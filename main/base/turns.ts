/**
 * How timed work gets the machine to itself. It is cut in blocks of at most `BLOCK_MS`; between two blocks others may
 * work, so that nobody waits longer for their own turn.
 */
export interface Turns {
  /**
   * To be called before each block: resolves when nothing else is at work, and nothing else begins from then on.
   * @returns whether something else was at work since the last block: then what is timed has to warm up again
   */
  readonly take: () => Promise<boolean>;
  /** To be called when the last block has ended, whatever the reason; more than once does no harm. */
  readonly giveBack: () => void;
}

/** Longest block of timed work, ms; only a single run that takes longer exceeds it. */
export const BLOCK_MS = 200;
