import { describe, expect, it } from 'vitest';
import { StudioError, cancelledError } from '../../../main/base/errors.ts';
import { Peer, type PeerOptions } from '../../../main/rpc/peer.ts';
import { memoryPair } from '../../../main/rpc/port.ts';
import { moved, serveTable, type Serve, type Table } from '../../../main/rpc/serve.ts';

interface Sums {
  add: { params: readonly number[]; result: number };
  wait: { params: null; result: never };
  fail: { params: null; result: never };
}

/** Both ends of a conversation in memory. */
function pair(serve?: Serve, options: PeerOptions = {}): { caller: Peer<Sums>; server: Peer<Sums> } {
  const [a, b] = memoryPair();
  return { caller: new Peer<Sums>(a, options), server: new Peer<Sums>(b, serve === undefined ? {} : { serve }) };
}

const table: Table<Sums> = {
  add: (numbers) => numbers.reduce((sum, number) => sum + number, 0),
  wait: (_, { signal, progress }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(cancelledError('Waiting')));
      progress({ done: 1 });
    }),
  fail: () => {
    throw new StudioError('NOT_FOUND', 'no such sum', { hint: 'Add one.', cause: new TypeError('undefined + 1') });
  },
};

describe('Peer', () => {
  it('gives every answer to its own call, whatever the order', async () => {
    const answers: ((value: number) => void)[] = [];
    const { caller } = pair(() => new Promise((resolve) => void answers.push(resolve)));
    const calls = [caller.call('add', [1]), caller.call('add', [2])];
    await Promise.resolve();
    expect(caller.waitingFor).toEqual(['add', 'add']);
    answers[1]!(22);
    answers[0]!(11);
    expect(await Promise.all(calls)).toEqual([11, 22]);
    expect(caller.waitingFor).toEqual([]);
  });

  it('carries an error with its code, its hint and what led to it', async () => {
    const { caller } = pair(serveTable(table));
    const error: unknown = await caller.call('fail', null).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'no such sum', hint: 'Add one.' });
    expect((error as Error).cause).toMatchObject({ message: 'undefined + 1' });
  });

  it('tells progress, and stops a call when its signal is aborted', async () => {
    const { caller } = pair(serveTable(table));
    const stop = new AbortController();
    const seen: unknown[] = [];
    const call = caller.call('wait', null, {
      signal: stop.signal,
      onProgress: (progress: unknown) => {
        seen.push(progress);
        stop.abort();
      },
    });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(seen).toEqual([{ done: 1 }]);
  });

  it('does not send a call whose signal is aborted already', async () => {
    const served: string[] = [];
    const { caller } = pair((method) => served.push(method));
    await expect(caller.call('add', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(served).toEqual([]);
  });

  it('lets both ends call each other', async () => {
    const [a, b] = memoryPair();
    const left = new Peer<Sums>(a, { serve: serveTable(table) });
    const right: Peer<Sums> = new Peer<Sums>(b, {
      serve: async (_, params): Promise<number> => 10 * (await right.call('add', params as number[])),
    });
    expect(await left.call('add', [1, 2])).toBe(30);
  });

  it('hands over events', async () => {
    const heard: unknown[] = [];
    const { server } = pair(undefined, { onEvent: (event, payload) => heard.push([event, payload]) });
    server.emit('notice', { level: 'info' });
    await Promise.resolve();
    expect(heard).toEqual([['notice', { level: 'info' }]]);
  });

  it('rejects what waits and stops what is served when the other end is gone, and goes on with a new one', async () => {
    const stopped: string[] = [];
    const { caller, server } = pair((method, _, { signal }) => {
      if (method === 'add') return 1;
      return new Promise(() => signal.addEventListener('abort', () => stopped.push(method)));
    });
    const call = caller.call('wait', null);
    await Promise.resolve();
    server.fail(cancelledError());
    caller.fail(new StudioError('RUNTIME_DIED', 'gone'));
    await expect(call).rejects.toMatchObject({ code: 'RUNTIME_DIED' });
    expect(stopped).toEqual(['wait']);
    expect(await caller.call('add', [])).toBe(1);
  });

  it('says when it is at work and when it is idle', async () => {
    const seen: boolean[] = [];
    const { caller } = pair(serveTable(table), { onBusy: (busy) => seen.push(busy) });
    await Promise.all([caller.call('add', [1]), caller.call('add', [2])]);
    await caller.call('fail', null).catch(() => undefined);
    expect(seen).toEqual([true, false, true, false]);
  });

  it('refuses methods that are not in the table, those that every object has included', async () => {
    const { caller } = pair(serveTable(table));
    for (const method of ['multiply', 'constructor', '__proto__']) {
      await expect(caller.call(method as 'add', [])).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  it('rejects a call and answers with an error where something cannot be carried', async () => {
    const { caller } = pair(() => () => 'a function');
    await expect(caller.call('add', [1])).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(caller.call('add', (() => 1) as never)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(caller.waitingFor).toEqual([]);
  });

  it('moves large buffers instead of copying them where the result says so, but no part of a buffer', async () => {
    const large = Float64Array.from({ length: 1000 }, (_, index) => index);
    const shared = new Float64Array(2000);
    const part = shared.subarray(0, 1000);
    const { caller } = pair(() => moved({ layers: [{ large, again: large }], part, small: Float64Array.of(1) }));
    const expected = Float64Array.from({ length: 1000 }, (_, index) => index);
    expect(await caller.call('add', [])).toEqual({
      layers: [{ large: expected, again: expected }],
      part: new Float64Array(1000),
      small: Float64Array.of(1),
    });
    expect(large.byteLength).toBe(0);
    expect(shared.byteLength).toBe(16_000);
  });
});
