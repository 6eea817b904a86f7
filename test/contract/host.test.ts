import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { StudioError } from '../../main/base/errors.ts';
import { packFrame, unpackFrame } from '../../main/rpc/socket-port.ts';
import { startHost, type Host } from '../../main/host/server.ts';
import { JobQueue } from '../../main/jobs/job-queue.ts';
import type { Handlers } from '../../main/services/handlers.ts';

const token = 'a'.repeat(64);
let directory: string;
let host: Host;
let jobs: JobQueue;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-host-'));
  mkdirSync(join(directory, 'page'));
  mkdirSync(join(directory, 'exports'));
  writeFileSync(join(directory, 'page', 'index.html'), '<title>Lapidary</title>');
  writeFileSync(join(directory, 'exports', 'model.onnx'), 'bytes');
  writeFileSync(join(directory, 'workspace.db'), 'secret');
  jobs = new JobQueue((job) => host.emit('job', job));
  // Two methods are enough to try the transport; the handlers have tests of their own.
  const handlers = {
    'job.list': () => [],
    'trial.list': () => {
      throw new StudioError('NOT_FOUND', 'no such model', { hint: 'Open it.' });
    },
    'trial.errors.run': () =>
      jobs.add({ kind: 'trial', title: 'Errors', modelId: null, trialId: null }, async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      }),
  } as Partial<Handlers> as Handlers;
  host = await startHost({
    renderer: join(directory, 'page'),
    files: directory,
    uploads: join(directory, 'uploads'),
    token,
    port: 0,
    handlers,
    cancelJob: (id) => jobs.cancel(id),
  });
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

function get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: host.port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

function connect(query = `token=${token}`, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/rpc?${query}`, { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function frames(socket: WebSocket): { next: (wanted: (frame: Frame) => boolean) => Promise<Frame> } {
  const seen: Frame[] = [];
  const waiting: { wanted: (frame: Frame) => boolean; resolve: (frame: Frame) => void }[] = [];
  socket.on('message', (data) => {
    const frame = unpackFrame(data as Buffer) as Frame;
    const index = waiting.findIndex(({ wanted }) => wanted(frame));
    if (index < 0) seen.push(frame);
    else waiting.splice(index, 1)[0]?.resolve(frame);
  });
  return {
    next: (wanted) => {
      const index = seen.findIndex(wanted);
      if (index >= 0) return Promise.resolve(seen.splice(index, 1)[0]!);
      return new Promise((resolve) => waiting.push({ wanted, resolve }));
    },
  };
}
type Frame = {
  kind: string;
  id?: number;
  event?: string;
  result?: unknown;
  error?: { code: string };
  payload?: { status: string };
};

test('serves the page without a token, files only with it', async () => {
  expect((await get('/')).body).toContain('Lapidary');
  expect((await get('/files/exports/model.onnx')).status).toBe(401);
  expect((await get(`/files/exports/model.onnx?token=${token}`)).body).toBe('bytes');
  expect((await get('/files/exports/model.onnx', { authorization: `Bearer ${token}` })).status).toBe(200);
});

test('a download keeps its name, whatever is in it, and is never shown as a page', async () => {
  const name = 'prune 50 % + int8 & “ω” #1.html';
  writeFileSync(join(directory, 'exports', name), '<script>');
  const reply = await get(`/files/exports/${encodeURIComponent(name)}?token=${token}`);
  expect(reply).toMatchObject({ status: 200, body: '<script>' });
  expect(reply.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    'x-content-type-options': 'nosniff',
  });
});

test('assets are kept by browsers, the page is not', async () => {
  mkdirSync(join(directory, 'page', 'assets'));
  writeFileSync(join(directory, 'page', 'assets', 'index-1234.js'), 'x');
  const asset = await get('/assets/index-1234.js');
  expect(asset.headers).toMatchObject({
    'content-type': expect.stringContaining('text/javascript'),
    'cache-control': expect.stringContaining('immutable'),
  });
  expect((await get('/')).headers['cache-control']).toBe('no-store');
  expect((await get('/none.js')).status).toBe(404);
});

test("lets the desktop window's page read what it fetches, and no other page", async () => {
  const path = `/files/exports/model.onnx?token=${token}`;
  const allowed = async (origin: string) => (await get(path, { origin })).headers['access-control-allow-origin'];
  expect(await allowed('app://lapidary')).toBe('app://lapidary');
  expect(await allowed('https://evil.example')).toBeUndefined();
});

test('never serves what lies outside the page and the downloads', async () => {
  for (const path of [
    '/files/workspace.db',
    '/files/exports/../workspace.db',
    '/files/exports/%2e%2e/workspace.db',
    '/..%2fworkspace.db',
    '/files/exports/..%2fworkspace.db',
    '/files/exports/%252e%252e/workspace.db',
    '/files/exports/..%5cworkspace.db',
  ]) {
    const reply = await get(`${path}?token=${token}`);
    expect(reply.body, path).not.toContain('secret');
    expect(reply.status, path).toBe(404);
  }
});

test('refuses other host names and other origins', async () => {
  expect((await get('/', { host: 'evil.example' })).status).toBe(421);
  expect((await get('/', { origin: 'https://evil.example' })).status).toBe(403);
  expect((await get('/', { host: 'localhost:9000' })).status).toBe(200);
  await expect(connect(`token=${token}`, { origin: 'https://evil.example' })).rejects.toThrow('403');
});

test('refuses a connection with a wrong token', async () => {
  await expect(connect('token=wrong')).rejects.toThrow('401');
  await expect(connect('')).rejects.toThrow('401');
});

test('answers calls, and tells errors with code and hint', async () => {
  const socket = await connect();
  const { next } = frames(socket);
  socket.send(packFrame({ kind: 'call', id: 1, method: 'job.list', params: {} }));
  expect(await next(({ id }) => id === 1)).toMatchObject({ kind: 'result', result: [] });
  socket.send(packFrame({ kind: 'call', id: 2, method: 'trial.list', params: { modelId: 'x' } }));
  expect(await next(({ id }) => id === 2)).toMatchObject({
    kind: 'error',
    error: { code: 'NOT_FOUND', hint: 'Open it.' },
  });
  socket.close();
});

test('refuses unknown methods and wrong parameters, and stays connected', async () => {
  const socket = await connect();
  const { next } = frames(socket);
  socket.send(packFrame({ kind: 'call', id: 1, method: 'constructor', params: {} }));
  expect(await next(({ id }) => id === 1)).toMatchObject({ kind: 'error', error: { code: 'USAGE' } });
  socket.send(packFrame({ kind: 'call', id: 2, method: 'trial.list', params: { modelId: 7 } }));
  expect(await next(({ id }) => id === 2)).toMatchObject({ kind: 'error', error: { code: 'USAGE' } });
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.close();
});

test('closes a connection that sends rubbish', async () => {
  for (const rubbish of [Buffer.from([0xc1, 0xff, 0x00]), packFrame({ kind: 'call', id: 'one' }), 'text']) {
    const socket = await connect();
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send(rubbish);
    expect(await closed).toBe(1003);
  }
});

test('a job is named at once, tells its progress, and is cancelled by its call', async () => {
  const socket = await connect();
  const { next } = frames(socket);
  socket.send(packFrame({ kind: 'call', id: 1, method: 'trial.errors.run', params: { trialId: 't', datasetId: 'd' } }));
  await next(({ kind, id }) => kind === 'progress' && id === 1);
  await next(({ event, payload }) => event === 'job' && payload?.status === 'running');
  socket.send(packFrame({ kind: 'cancel', id: 1 }));
  expect(await next(({ kind }) => kind === 'error')).toMatchObject({ error: { code: 'CANCELLED' } });
  socket.close();
});

test('receives an upload under its own name, with the token only', async () => {
  const address = `http://127.0.0.1:${host.port}/upload?name=${encodeURIComponent('../../net.onnx')}`;
  expect((await fetch(address, { method: 'POST', body: 'x' })).status).toBe(401);
  const reply = await fetch(address, { method: 'POST', body: 'model', headers: { authorization: `Bearer ${token}` } });
  const { path } = (await reply.json()) as { path: string };
  expect(path.startsWith(join(directory, 'uploads'))).toBe(true);
  expect(path.endsWith('net.onnx')).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('model');
});
