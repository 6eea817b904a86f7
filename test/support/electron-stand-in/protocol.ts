import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();
let server: Promise<{ server: Server; origin: string }> | undefined;

export const protocol = {
  registerSchemesAsPrivileged(): void {},
  handle(scheme: string, handler: Handler): void {
    handlers.set(scheme, handler);
  },
};

export const net = {
  /** Of Electron's `net.fetch`, files only. */
  async fetch(url: string): Promise<Response> {
    if (!url.startsWith('file:')) throw new Error(`net.fetch: ${url} is not a file`);
    return new Response(await readFile(fileURLToPath(url)));
  },
};

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  woff: 'font/woff',
};

/** Chromium knows no `app:`; a loopback server stands for it and asks the shell's handler. */
async function start(): Promise<{ server: Server; origin: string }> {
  const http = createServer((request, response) => {
    void (async () => {
      const address = `app://lapidary${request.url ?? '/'}`;
      const answer = await handlers.get('app')?.(new Request(address));
      const path = new URL(address).pathname;
      // Electron tells a file's type from its name.
      const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      response.writeHead(answer?.status ?? 404, { 'content-type': type });
      response.end(Buffer.from((await answer?.arrayBuffer()) ?? new ArrayBuffer(0)));
    })();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  http.unref();
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in for app: has no port');
  return { server: http, origin: `http://127.0.0.1:${address.port}` };
}

/** The address at which Chromium finds an `app:` page. */
export async function toHttp(url: string): Promise<string> {
  server ??= start();
  return url.replace(/^app:\/\/lapidary/u, (await server).origin);
}

/** The `app:` address that a page at the stand-in server has in Electron; others as they are. */
export async function toApp(url: string): Promise<string> {
  server ??= start();
  const { origin } = await server;
  return url.startsWith(origin) ? `app://lapidary${url.slice(origin.length)}` : url;
}
