import { pathToFileURL } from 'node:url';
import { StudioError } from '../../base/errors.ts';
import { Thread } from '../../rpc/node/thread.ts';
import type { FedBatch, FedResult, FedSession, FeederCalls, FeedSource } from './feeder.ts';
import type { OrtSessions } from './ort-sessions.ts';

/** Batches that the thread is asked for while one is run. */
const AHEAD = 2;

interface OpenFeed {
  readonly thread: Thread<FeederCalls>;
  readonly coming: Promise<FedBatch | null>[];
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
    this.#feeds.set(feed, { thread, coming: [] });
    return { feed };
  }

  /**
   * Runs the sessions on the next batch, one after the other, while the thread makes the batches after it.
   * @returns null after the last batch
   * @throws what the thread throws: DATA_INVALID, …; RUNTIME_RUN_FAILED
   */
  async run(id: number, entries: readonly FedSession[]): Promise<FedResult | null> {
    const { thread, coming } = this.#get(id);
    while (coming.length <= AHEAD) {
      const next = thread.call('next', null);
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
