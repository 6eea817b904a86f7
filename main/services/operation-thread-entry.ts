/** The thread that runs operations: calls in, progress and results out. Started by `OperationThread`. */
import { parentPort } from 'node:worker_threads';
import { assert, cancelledError } from '../base/errors.ts';
import { describeError } from '../jobs/job-queue.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { ThreadReply, ThreadRequest } from './operation-thread.ts';
import { runOperation } from './operations/operations.ts';

assert(parentPort !== null, 'the operations entry runs as a worker thread');
const port = parentPort;
const running = new Map<number, AbortController>();
const reply = (message: ThreadReply): void => port.postMessage(message);

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'cancel') running.get(request.id)?.abort(cancelledError());
  else void serve(request);
});

async function serve({ id, name, params }: Extract<ThreadRequest, { kind: 'call' }>): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const context = {
      signal: abort.signal,
      progress: (progress: object) => reply({ kind: 'progress', id, progress } as ThreadReply),
    };
    // `OperationThread.call` checked name and params against the map.
    const result = await runOperation(name, params as never, context);
    reply({ kind: 'result', id, result });
  } catch (error) {
    const { code, message, hint } = describeError(error);
    reply({ kind: 'error', id, error: { code: code as ErrorCode, message, hint: hint ?? undefined } });
  } finally {
    running.delete(id);
  }
}
