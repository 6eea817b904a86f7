import { EngineClient } from '../rpc/client.ts';
import { findConnection, socketUrl } from '../rpc/connection.ts';
import { openWebSocket } from '../rpc/web-socket.ts';

let client: EngineClient | undefined;

/** The one connection of this window to the engine; made at the first use. */
export function engine(): EngineClient {
  client ??= new EngineClient(() => openWebSocket(socketUrl(findConnection())));
  return client;
}
