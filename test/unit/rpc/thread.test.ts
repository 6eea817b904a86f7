import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { Thread } from '../../../main/rpc/node/thread.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Calls {
  greet: { params: string; result: string };
  spin: { params: null; result: never };
  polite: { params: null; result: never };
  die: { params: null; result: never };
  ask: { params: null; result: number };
}

const at = (path: string): string => new URL(`../../../main/${path}`, import.meta.url).href;

/** A thread of these calls, in a module of its own. */
const SOURCE = `
  import { parentPort, workerData } from 'node:worker_threads';
  import { Peer } from '${at('rpc/peer.ts')}';
  import { serveTable } from '${at('rpc/serve.ts')}';
  import { threadPort } from '${at('rpc/node/thread-port.ts')}';
  const peer = new Peer(threadPort(parentPort), {
    serve: serveTable({
      greet: (name) => workerData + ' ' + name,
      spin: (_, { progress }) => { progress('spinning'); for (;;); },
      polite: (_, { signal, progress }) => new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        progress('waiting');
      }),
      die: () => process.exit(3),
      ask: () => peer.call('answer', null),
    }),
  });
`;

function threadIn(folder: string): Thread<Calls> {
  const entry = join(folder, 'entry.mjs');
  writeFileSync(entry, SOURCE);
  return new Thread({ entry: pathToFileURL(entry), name: 'test', data: 'Hello', serve: () => 42 });
}

it('answers calls, and has its own answered', async () => {
  using folder = tempFolder();
  await using thread = threadIn(folder.path);
  expect(await thread.call('greet', 'jade')).toBe('Hello jade');
  expect(await thread.call('ask', null)).toBe(42);
});

it('ends a call that does not stop with its thread; the next call has a new one', async () => {
  using folder = tempFolder();
  await using thread = threadIn(folder.path);
  const stop = new AbortController();
  const call = thread.call('spin', null, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await thread.call('greet', 'opal')).toBe('Hello opal');
});

it('leaves the thread to others when a call stops by itself', async () => {
  using folder = tempFolder();
  await using thread = threadIn(folder.path);
  const stop = new AbortController();
  const other = thread.call('polite', null).catch((error: unknown) => error);
  const call = thread.call('polite', null, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  const state = await Promise.race([other, thread.call('greet', 'agate')]);
  expect(state).toBe('Hello agate');
});

it('rejects what is under way when it dies', async () => {
  using folder = tempFolder();
  await using thread = threadIn(folder.path);
  const waiting = thread.call('polite', null);
  const dying = thread.call('die', null);
  await expect(waiting).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(dying).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await thread.call('greet', 'onyx')).toBe('Hello onyx');
});

it('keeps no process alive when it is idle', () => {
  using folder = tempFolder();
  const entry = join(folder.path, 'entry.mjs');
  writeFileSync(entry, SOURCE);
  const script = `import { Thread } from '${at('rpc/node/thread.ts')}';
    const thread = new Thread({ entry: new URL('${pathToFileURL(entry).href}'), name: 'test', data: 'Hello' });
    console.log(await thread.call('greet', 'beryl'));`;
  const main = join(folder.path, 'main.mjs');
  writeFileSync(main, script);
  const { stdout, status } = spawnSync(process.execPath, [main], { encoding: 'utf8', timeout: 20_000 });
  expect({ stdout, status }).toEqual({ stdout: 'Hello beryl\n', status: 0 });
});
