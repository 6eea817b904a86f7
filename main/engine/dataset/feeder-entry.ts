/** The thread of the runner that reads, decodes and prepares samples where they are run. Started by the runtime's `Feeds`. */
import { parentPort } from 'node:worker_threads';
import { assert, StudioError } from '../../base/errors.ts';
import { threadPort } from '../../rpc/node/thread-port.ts';
import { Peer } from '../../rpc/peer.ts';
import { Moved } from '../../rpc/serve.ts';
import type { FedBatch } from '../runtime/feeder.ts';
import type { Batch } from './dataset.ts';
import type { FeederData } from './feed-source.ts';
import { openDataset } from './open-dataset.ts';

assert(parentPort !== null, 'the feeder entry runs as a worker thread');
let batches: AsyncIterator<Batch> | undefined;

async function open(data: FeederData): Promise<null> {
  const dataset = await openDataset(data.path, data.options);
  if (dataset.fingerprint !== data.fingerprint) {
    throw new StudioError('DATA_INVALID', `Data '${dataset.name}' changed while it was read`, {
      hint: 'Run it again.',
    });
  }
  batches = dataset.batches(data.inputs, data.batchSize, data.reading)[Symbol.asyncIterator]();
  return null;
}

/** The tensors of a batch are its own, so their buffers go over to the caller. */
async function next(): Promise<Moved | null> {
  assert(batches !== undefined, 'the feeder is opened first');
  const step = await batches.next();
  if (step.done === true) return null;
  const { feeds, count } = step.value;
  const buffers = Object.values(feeds).flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer] : []));
  return new Moved({ feeds, count } satisfies FedBatch, [...new Set(buffers)] as ArrayBuffer[]);
}

export const runner = new Peer(threadPort(parentPort), {
  serve: (method, params) => {
    assert(method === 'open' || method === 'next', `the feeder has no method ${method}`);
    // The runtime passes on what `feedSource` of this room said.
    return method === 'open' ? open(params as FeederData) : next();
  },
});
