import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { EventName, EventPayload } from '../contract/methods.ts';
import { StudioError } from '../base/errors.ts';
import { describeError } from '../rpc/wire-error.ts';
import type { Handlers } from '../services/handlers.ts';
import { checkOrigin, checkToken, type Refusal } from './access.ts';
import { serveConnection, type Connection } from './connection.ts';
import { isDownload, serveFiles, type HostFiles, type SendFile } from './files.ts';
import { receiveUpload } from './upload.ts';

export interface HostOptions extends HostFiles {
  /** Where uploads go. */
  readonly uploads: string;
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
  readonly handlers: Handlers;
  readonly cancelJob: (jobId: string) => void;
}

export interface Host extends AsyncDisposable {
  readonly port: number;
  readonly emit: <E extends EventName>(event: E, payload: EventPayload<E>) => void;
}

const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * Serves the studio on the loopback interface: the page at `/`, calls at `/rpc` (WebSocket), files at `/files/…`, uploads
 * at `/upload`. Everything but the page needs the token.
 * @throws USAGE when the port is taken or not allowed
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const sendFile = serveFiles(options);
  const server = createServer((request, response) => void serveRequest(request, response, { ...options, sendFile }));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const windows = new Set<Connection>();
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const refusal = checkOrigin(request) ?? checkToken(request, url, options.token);
    if (refusal !== undefined || url.pathname !== '/rpc') {
      refuseUpgrade(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const window = serveConnection(client, options);
      windows.add(window);
      client.once('close', () => windows.delete(window));
    });
  });
  const port = await listen(server, options.port);

  return {
    port,
    emit: (event, payload) => {
      for (const window of windows) window.emit(event, payload);
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HostOptions & { readonly sendFile: SendFile },
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const path = safeDecode(url.pathname);
  const isPage = !isDownload(path) && path !== '/upload';
  const refusal = checkOrigin(request) ?? (isPage ? undefined : checkToken(request, url, options.token));
  // The desktop window's page is of another origin than the engine: who may ask may read the answer too.
  const { origin } = request.headers;
  if (refusal === undefined && origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin');
  }
  if (refusal !== undefined) {
    sendText(response, refusal.status, refusal.reason);
  } else if (request.method === 'POST' && path === '/upload') {
    await serveUpload(request, response, url, options);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(response, 405, 'Method not allowed');
  } else {
    options.sendFile(request, response, path);
  }
}

async function serveUpload(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: HostOptions,
): Promise<void> {
  try {
    const upload = await receiveUpload(request, options.uploads, url.searchParams.get('name') ?? '');
    sendJson(response, 200, { upload: upload.id, path: upload.path });
  } catch (error) {
    sendJson(response, 400, { error: describeError(error) });
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuseUpgrade(socket: Duplex, refusal: Refusal | undefined): void {
  const { status, reason } = refusal ?? { status: 404, reason: 'Not found' };
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${reason}`);
}

function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(port, cause)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listenError(port: number, cause: NodeJS.ErrnoException): StudioError {
  const reason = cause.code === 'EADDRINUSE' ? 'another program uses it' : cause.message;
  return new StudioError('USAGE', `Port ${port} of 127.0.0.1 cannot be used: ${reason}`, {
    hint: 'Choose another port, or none for any free one.',
    cause,
  });
}
