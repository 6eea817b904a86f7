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
  type WindowCalls,
} from '../../main/contract/methods.ts';
import { Peer } from '../../main/rpc/peer.ts';
import { socketPort } from '../../main/rpc/socket-port.ts';

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
  const events: { readonly event: string; readonly payload: unknown }[] = [];
  const waiting = new Set<() => void>();
  const peer = new Peer<WindowCalls>(
    socketPort({
      send: (bytes) => socket.send(bytes),
      listen: (receive) => void socket.on('message', (data) => receive(data as Buffer)),
    }),
    {
      onEvent: (event, payload) => {
        events.push({ event, payload });
        for (const look of waiting) look();
      },
    },
  );
  await once(socket, 'open');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const brokenOff = new Error('the connection broke off');
  void closed.then(() => peer.fail(brokenOff));

  return {
    call: async (method, params) => methods[method].result.parse(await peer.call(method, params)) as never,
    event: (name, fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find(({ event, payload }) => event === name && fits(payload as never));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found.payload as never);
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(brokenOff));
      }),
    closed,
    [Symbol.dispose]: () => socket.terminate(),
  };
}
