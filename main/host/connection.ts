import type { WebSocket } from 'ws';
import { z } from 'zod';
import { methods, type EventName, type EventPayload, type JobProgress, type MethodName } from '../contract/methods.ts';
import { StudioError } from '../base/errors.ts';
import { Peer } from '../rpc/peer.ts';
import { noMethod, type CallContext } from '../rpc/serve.ts';
import { socketPort } from '../rpc/socket-port.ts';
import { isStartedJob, type Handlers } from '../services/handlers.ts';

export interface ConnectionOptions {
  readonly handlers: Handlers;
  readonly cancelJob: (jobId: string) => void;
}

/** One window. */
export interface Connection {
  readonly emit: <E extends EventName>(event: E, payload: EventPayload<E>) => void;
}

/**
 * Serves the calls of one window. Jobs that it asked for go on when it closes; their results are in the workspace.
 * Malformed frames close the connection.
 */
export function serveConnection(socket: WebSocket, options: ConnectionOptions): Connection {
  const malformed = (): void => socket.close(1003, 'malformed frame');
  const port = socketPort({
    send: (bytes) => {
      if (socket.readyState === socket.OPEN) socket.send(bytes);
    },
    listen: (receive) =>
      void socket.on('message', (data, isBinary) => (isBinary ? receive(data as Buffer) : malformed())),
  });
  return new Peer(port, {
    onMalformed: malformed,
    serve: (method, params, context) => serve(options, { method, params }, context),
  });
}

/** Answers a call; one that becomes a job names it as its progress (`{ jobId }`) and is cancelled with the call. */
async function serve(
  { handlers, cancelJob }: ConnectionOptions,
  call: { readonly method: string; readonly params: unknown },
  { signal, progress }: CallContext,
): Promise<unknown> {
  const answer = await dispatch(handlers, call.method, call.params);
  if (!isStartedJob(answer)) return answer;
  progress({ jobId: answer.id } satisfies JobProgress);
  const cancel = (): void => cancelJob(answer.id);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  return answer.result;
}

function dispatch(handlers: Handlers, method: string, params: unknown): unknown {
  if (!Object.hasOwn(methods, method)) throw noMethod(method);
  const name = method as MethodName;
  const parsed = methods[name].params.safeParse(params);
  if (!parsed.success) throw new StudioError('USAGE', `${method}: ${z.prettifyError(parsed.error)}`);
  // The schema just checked is the one that types this handler's parameter.
  return (handlers[name] as (checked: unknown) => unknown)(parsed.data);
}
