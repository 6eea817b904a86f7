import type { Socket } from './client.ts';

/** A browser WebSocket as the client's Socket: binary frames, one close event whatever went wrong. */
export function openWebSocket(url: string): Socket {
  const web = new WebSocket(url);
  web.binaryType = 'arraybuffer';
  const socket: Socket = {
    onopen: null,
    onclose: null,
    onmessage: null,
    send: (bytes) => web.send(bytes),
    close: () => web.close(),
  };
  web.addEventListener('open', () => socket.onopen?.());
  web.addEventListener('close', () => socket.onclose?.());
  web.addEventListener('message', (event: MessageEvent<ArrayBuffer>) => socket.onmessage?.(new Uint8Array(event.data)));
  return socket;
}
