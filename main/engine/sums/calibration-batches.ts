import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

/** Batches of at most this many bytes are kept in memory, so that only the first pass decodes images. */
const KEPT_BYTES = 512 * 2 ** 20;

/** Calibration batches that are gone through many times. */
export class CalibrationBatches {
  readonly #source: () => FeedBatches;
  #kept: HostTensors[] | undefined;

  constructor(source: () => FeedBatches) {
    this.#source = source;
  }

  /** Goes through all batches once. @returns their samples */
  async count(): Promise<number> {
    let samples = 0;
    for await (const feeds of this.all()) samples += batchSize(feeds);
    return samples;
  }

  /** All batches, from the start. */
  async *all(): FeedBatches {
    if (this.#kept !== undefined) {
      yield* this.#kept;
      return;
    }
    const kept: HostTensors[] = [];
    let bytes = 0;
    for await (const feeds of this.#source()) {
      for (const { data } of Object.values(feeds)) bytes += ArrayBuffer.isView(data) ? data.byteLength : 0;
      if (bytes <= KEPT_BYTES) kept.push(feeds);
      yield feeds;
    }
    if (bytes <= KEPT_BYTES) this.#kept = kept;
  }
}
