/** The thread that runs operations. Started by `OperationThread`. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/errors.ts';
import { threadPort } from '../rpc/node/thread-port.ts';
import { Peer } from '../rpc/peer.ts';
import type { OperationQuestions, OperationThreadData } from './operation-thread.ts';
import { runOperation } from './operations/operations.ts';
import { takeTurnsWith } from './operations/runners.ts';

assert(parentPort !== null, 'the operations entry runs as a worker thread');
const owner = new Peer<OperationQuestions>(threadPort(parentPort), {
  // `OperationThread.call` checked name and params against the map.
  serve: (name, params, context) => runOperation(name as never, params as never, context),
});
// Its owner told it so when it started it.
if ((workerData as OperationThreadData).takesTurns) {
  takeTurnsWith({
    take: () => owner.call('takeTurn', null),
    giveBack: () => void owner.call('giveBackTurn', null),
  });
}
