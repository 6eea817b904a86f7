import { Packr } from 'msgpackr';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { methods, type ClientFrame, type MethodName, type ServerFrame } from '../contract/methods.ts';
import { StudioError } from '../base/errors.ts';
import { describeError } from '../jobs/job-queue.ts';
import { isStartedJob, type Handlers } from '../services/handlers.ts';

/** Plain msgpack maps: any client can read them. Typed arrays keep their types. */
export const wire = new Packr({ useRecords: false, moreTypes: true, int64AsType: 'bigint' });

const frameSchema = z.union([
  z.object({ kind: z.literal('call'), id: z.number().int(), method: z.string(), params: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id: z.number().int() }),
]);

export interface ConnectionOptions {
  readonly handlers: Handlers;
  readonly cancelJob: (jobId: string) => void;
}

/**
 * Serves the calls of one window. Jobs that it asked for go on when it closes; their results are in the workspace.
 * Malformed frames close the connection.
 */
export function serveConnection(socket: WebSocket, { handlers, cancelJob }: ConnectionOptions): void {
  const jobs = new Map<number, string>();
  const send = (frame: ServerFrame): void => {
    if (socket.readyState === socket.OPEN) socket.send(wire.pack(frame));
  };

  const call = async (id: number, method: string, params: unknown): Promise<void> => {
    try {
      const answer = await dispatch(handlers, method, params);
      if (!isStartedJob(answer)) {
        send({ kind: 'result', id, result: answer });
        return;
      }
      jobs.set(id, answer.id);
      send({ kind: 'job', id, jobId: answer.id });
      send({ kind: 'result', id, result: await answer.result });
    } catch (error) {
      send({ kind: 'error', id, error: describeError(error) });
    } finally {
      jobs.delete(id);
    }
  };

  socket.on('message', (data, isBinary) => {
    const frame = isBinary ? readFrame(data as Buffer) : undefined;
    if (frame === undefined) {
      socket.close(1003, 'malformed frame');
      return;
    }
    if (frame.kind === 'call') {
      void call(frame.id, frame.method, frame.params);
      return;
    }
    const jobId = jobs.get(frame.id);
    if (jobId !== undefined) cancelJob(jobId);
  });
}

function readFrame(data: Buffer): ClientFrame | undefined {
  try {
    const parsed = frameSchema.safeParse(wire.unpack(data));
    return parsed.success ? (parsed.data as ClientFrame) : undefined;
  } catch {
    return undefined;
  }
}

async function dispatch(handlers: Handlers, method: string, params: unknown): Promise<unknown> {
  if (!Object.hasOwn(methods, method)) throw new StudioError('USAGE', `There is no method '${method}'`);
  const name = method as MethodName;
  const parsed = methods[name].params.safeParse(params);
  if (!parsed.success) throw new StudioError('USAGE', `${method}: ${z.prettifyError(parsed.error)}`);
  // The schema just checked is the one that types this handler's parameter.
  return (handlers[name] as (checked: unknown) => unknown)(parsed.data);
}
