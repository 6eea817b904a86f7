/** The thread of the runner that reads, decodes and prepares samples where they are run. Started by the runtime's `Feeds`. */
import { parentPort } from 'node:worker_threads';
import { assert, StudioError } from '../../base/errors.ts';
import { threadPort } from '../../rpc/node/thread-port.ts';
import { Peer } from '../../rpc/peer.ts';
import { Moved } from '../../rpc/serve.ts';
import { buffersOf, type FedBatch, type FeederCalls } from '../runtime/feeder.ts';
import type { Batch } from './dataset.ts';
import type { FeederData } from './feed-source.ts';
import { openDataset } from './open-dataset.ts';

assert(parentPort !== null, 'the feeder entry runs as a worker thread');
let batches: AsyncIterator<Batch> | undefined;
/** Buffers of former batches; all batches but the last are of one size. */
const spare: ArrayBuffer[] = [];

function floats(length: number): Float32Array<ArrayBuffer> {
  const place = spare.findIndex(({ byteLength }) => byteLength === 4 * length);
  const [buffer] = place < 0 ? [] : spare.splice(place, 1);
  return buffer === undefined ? new Float32Array(length) : new Float32Array(buffer);
}

async function open(data: FeederData): Promise<null> {
  const dataset = await openDataset(data.path, data.options);
  if (dataset.fingerprint !== data.fingerprint) {
    throw new StudioError('DATA_INVALID', `Data '${dataset.name}' changed while it was read`, {
      hint: 'Run it again.',
    });
  }
  batches = dataset.batches(data.inputs, data.batchSize, { ...data.reading, floats })[Symbol.asyncIterator]();
  return null;
}

/** The tensors of a batch are its own, so their buffers go over to the caller. */
async function next({ spare: returned }: FeederCalls['next']['params']): Promise<Moved | null> {
  assert(batches !== undefined, 'the feeder is opened first');
  spare.push(...returned);
  const step = await batches.next();
  if (step.done === true) return null;
  const { feeds, count } = step.value;
  return new Moved({ feeds, count } satisfies FedBatch, buffersOf(feeds));
}

export const runner = new Peer(threadPort(parentPort), {
  serve: (method, params) => {
    assert(method === 'open' || method === 'next', `the feeder has no method ${method}`);
    // The runtime passes on what `feedSource` of this room said.
    return method === 'open' ? open(params as FeederData) : next(params as FeederCalls['next']['params']);
  },
});
