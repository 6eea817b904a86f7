/** The thread that runs operations. Started by `OperationThread`. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/errors.ts';
import { threadPort } from '../rpc/node/thread-port.ts';
import { Peer } from '../rpc/peer.ts';
import { moved } from '../rpc/serve.ts';
import type { OperationQuestions, OperationThreadData } from './operation-thread.ts';
import type { OperationName } from './operations/operation-map.ts';
import { runOperation } from './operations/operations.ts';
import { takeTurnsWith } from './operations/runners.ts';
import { takeOrdersFrom } from './operations/training-orders.ts';

assert(parentPort !== null, 'the operations entry runs as a worker thread');
/** Operations whose large results nobody in this thread keeps. */
const MADE_FOR_THE_CALL: ReadonlySet<string> = new Set<OperationName>(['prunePlan', 'channelPlan']);

const owner = new Peer<OperationQuestions>(threadPort(parentPort), {
  serve: async (name, params, context) => {
    // `OperationThread.call` checked name and params against the map.
    const result: unknown = await runOperation(name as never, params as never, context);
    return MADE_FOR_THE_CALL.has(name) ? moved(result) : result;
  },
});
takeOrdersFrom(() => owner.call('trainingOrder', null));
// Its owner told it so when it started it.
if ((workerData as OperationThreadData).takesTurns) {
  takeTurnsWith({
    take: () => owner.call('takeTurn', null),
    giveBack: () => void owner.call('giveBackTurn', null),
  });
}
