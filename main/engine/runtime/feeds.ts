import { pathToFileURL } from 'node:url';
import { StudioError } from '../../base/errors.ts';
import { Thread } from '../../rpc/node/thread.ts';
import {
  buffersOf,
  type FedBatch,
  type FedResult,
  type FedSession,
  type FeederCalls,
  type FeedSource,
} from './feeder.ts';
import type { OrtSessions } from './ort-sessions.ts';

/** Batches that the thread is asked for while one is run. */
const AHEAD = 2;
/** Small models run thousands of batches a second: to answer for each would keep the engine busy with nothing else. */
const ANSWER_MS = 30;

interface OpenFeed {
  readonly thread: Thread<FeederCalls>;
  readonly coming: Promise<FedBatch | null>[];
  /** Buffers of batches that were run. */
  spare: ArrayBuffer[];
}

/** The feeds of this runner process, by the number that the engine knows them by. Runs in the runner only. */
export class Feeds {
  readonly #sessions: OrtSessions;
  readonly #feeds = new Map<number, OpenFeed>();
  #next = 1;

  constructor(sessions: OrtSessions) {
    this.#sessions = sessions;
  }

  /** Starts a thread that makes batches. @throws what its `open` throws */
  async open({ entry, data }: FeedSource): Promise<{ readonly feed: number }> {
    const thread = new Thread<FeederCalls>({ entry: pathToFileURL(entry), name: 'feeder' });
    try {
      await thread.call('open', data);
    } catch (error) {
      await thread[Symbol.asyncDispose]();
      throw error;
    }
    const feed = this.#next++;
    this.#feeds.set(feed, { thread, coming: [], spare: [] });
    return { feed };
  }

  /**
   * Runs the sessions on the next batches, as many as one answer is worth.
   * @returns [] after the last batch
   * @throws what the thread throws: DATA_INVALID, …; RUNTIME_RUN_FAILED
   */
  async run(id: number, entries: readonly FedSession[]): Promise<readonly FedResult[]> {
    const open = this.#get(id);
    const results: FedResult[] = [];
    const until = performance.now() + ANSWER_MS;
    do {
      const result = await this.#runNext(open, entries);
      if (result === null) break;
      results.push(result);
    } while (performance.now() < until);
    return results;
  }

  /** Runs the sessions on one batch, one after the other, while the thread makes the batches after it; null after the last. */
  async #runNext(open: OpenFeed, entries: readonly FedSession[]): Promise<FedResult | null> {
    const { thread, coming } = open;
    while (coming.length <= AHEAD) {
      const next = thread.call('next', { spare: open.spare }, { moved: open.spare });
      open.spare = [];
      next.catch(() => undefined); // thrown when its turn comes
      coming.push(next);
    }
    const batch = await coming.shift()!;
    if (batch === null) return null;
    const runs: { readonly outputs: FedResult['runs'][number]['outputs']; readonly ms: number }[] = [];
    for (const { session, outputs } of entries) {
      const start = performance.now();
      const given = await this.#sessions.run(session, batch.feeds, outputs);
      runs.push({ outputs: given, ms: performance.now() - start });
    }
    open.spare.push(...buffersOf(batch.feeds));
    return { count: batch.count, runs };
  }

  async close(id: number): Promise<void> {
    const { thread } = this.#get(id);
    this.#feeds.delete(id);
    await thread[Symbol.asyncDispose]();
  }

  #get(id: number): OpenFeed {
    const feed = this.#feeds.get(id);
    if (feed === undefined) throw new StudioError('INTERNAL', `No feed ${id} in this runner; was it closed?`);
    return feed;
  }
}
