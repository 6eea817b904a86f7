/** A client of a running engine, as a window is one: calls over its WebSocket, and the events that it tells. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  methods,
  type EventName,
  type EventPayload,
  type MethodName,
  type ParamsIn,
  type Result,
  type ServerFrame,
} from '../../main/contract/methods.ts';
import { wire } from '../../main/host/connection.ts';

export interface EngineClient extends Disposable {
  readonly call: <M extends MethodName>(method: M, params: ParamsIn<M>) => Promise<Result<M>>;
  /** The next event that fits, looking back over all since the connection. */
  readonly event: <E extends EventName>(
    name: E,
    fits: (payload: EventPayload<E>) => boolean,
  ) => Promise<EventPayload<E>>;
  /** Settles when the connection breaks off. */
  readonly closed: Promise<void>;
}

/** Connects; rejects while nobody listens. */
export async function connectEngine(port: number, token: string): Promise<EngineClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc?token=${token}`);
  const frames: ServerFrame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    frames.push(wire.unpack(data as Buffer) as ServerFrame);
    for (const look of waiting) look();
  });
  await once(socket, 'open');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));

  const next = <F extends ServerFrame>(fits: (frame: ServerFrame) => frame is F): Promise<F> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = frames.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void closed.then(() => reject(new Error('the connection broke off')));
    });

  let lastId = 0;
  return {
    call: async (method, params) => {
      const id = ++lastId;
      socket.send(wire.pack({ kind: 'call', id, method, params }));
      const frame = await next(
        (one): one is Extract<ServerFrame, { kind: 'result' | 'error' }> =>
          (one.kind === 'result' || one.kind === 'error') && one.id === id,
      );
      if (frame.kind === 'error') throw Object.assign(new Error(frame.error.message), frame.error);
      return methods[method].result.parse(frame.result) as never;
    },
    event: async (name, fits) => {
      const frame = await next(
        (one): one is Extract<ServerFrame, { kind: 'event' }> =>
          one.kind === 'event' && one.event === name && fits(one.payload as never),
      );
      return frame.payload as never;
    },
    closed,
    [Symbol.dispose]: () => socket.terminate(),
  };
}
