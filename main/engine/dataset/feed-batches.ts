import type { HostTensors } from '../tensor/host-tensor.ts';

/** Feeds of the model's inputs, a batch at a time. */
export type FeedBatches = AsyncIterable<HostTensors>;

/** The size of the first dimension of the first input that has one. */
export function batchSize(feeds: HostTensors): number {
  return Object.values(feeds).find(({ dims }) => dims.length > 0)?.dims[0] ?? 1;
}
