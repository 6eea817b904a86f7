import type { HostTensors } from '../tensor/host-tensor.ts';

/**
 * Where feeds are made: a worker thread of the runner, so that they need not cross to it. The module belongs to a room that
 * knows the data; the runtime starts it and asks for one batch after the other.
 */
export interface FeedSource {
  /** The thread's module; it serves {@link FeederCalls}. */
  readonly entry: string;
  /** What the thread is told when it is opened; plain data. */
  readonly data: unknown;
}

/** One batch of inputs. */
export interface FedBatch {
  readonly feeds: HostTensors;
  /** Samples in it; rows of padding after them do not count. */
  readonly count: number;
}

/** What a feeder thread answers. */
export interface FeederCalls {
  /** Opens the data; the first call. */
  open: { params: unknown; result: null };
  /**
   * The next batch, whose buffers go over to the caller; null after the last. `spare`: buffers of batches that were run, to
   * be written again: new ones would cost the system more than making the batch.
   */
  next: { params: { readonly spare: readonly ArrayBuffer[] }; result: FedBatch | null };
}

/** A session to run on each batch of a feed, and the outputs wanted. */
export interface FedSession {
  readonly session: number;
  readonly outputs: readonly string[];
}

/** What one batch gave. */
export interface FedResult {
  readonly count: number;
  /** One for each session, in their order. */
  readonly runs: readonly { readonly outputs: HostTensors; readonly ms: number }[];
}

/** The buffers that hold nothing but these tensors. */
export function buffersOf(tensors: HostTensors): ArrayBuffer[] {
  const buffers = Object.values(tensors).flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer] : []));
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}
