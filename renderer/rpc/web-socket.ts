import type { Socket } from './client.ts';

/** A browser WebSocket as the client's Socket: binary frames, one close event whatever went wrong. */
export function openWebSocket(url: string): Socket {
  const web = new WebSocket(url);
  web.binaryType = 'arraybuffer';
  const socket: Socket = {
    opened: null,
    closed: null,
    received: null,
    send: (bytes) => web.send(bytes),
    close: () => web.close(),
  };
  web.addEventListener('open', () => socket.opened?.());
  web.addEventListener('close', () => socket.closed?.());
  web.addEventListener('message', (event: MessageEvent<ArrayBuffer>) => socket.received?.(new Uint8Array(event.data)));
  return socket;
}
