/** The thread that runs operations. Started by `OperationThread`. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../base/errors.ts';
import { Peer } from '../rpc/peer.ts';
import { threadPort } from '../rpc/node/thread-port.ts';
import { runOperation } from './operations/operations.ts';

assert(parentPort !== null, 'the operations entry runs as a worker thread');
export const engine = new Peer(threadPort(parentPort), {
  // `OperationThread.call` checked name and params against the map.
  serve: (name, params, context) => runOperation(name as never, params as never, context),
});
