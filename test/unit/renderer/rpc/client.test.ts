import { pack, unpack } from 'msgpackr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../../../../main/rpc/frame.ts';
import { EngineClient, retryDelayMs } from '../../../../renderer/rpc/client.ts';
import type { Socket } from '../../../../renderer/rpc/client.ts';

/** The engine's end of sockets in memory. */
class FakeEngine {
  readonly sockets: Socket[] = [];
  readonly frames: Frame[] = [];
  open = (): Socket => {
    const socket: Socket = {
      opened: null,
      closed: null,
      received: null,
      send: (bytes) => this.frames.push(unpack(bytes) as Frame),
      close: () => undefined,
    };
    this.sockets.push(socket);
    return socket;
  };
  accept(): void {
    this.sockets.at(-1)?.opened?.();
  }
  drop(): void {
    this.sockets.at(-1)?.closed?.();
  }
  tell(frame: Frame): void {
    this.sockets.at(-1)?.received?.(pack(frame));
  }
  calls(): readonly (Frame & { readonly kind: 'call' })[] {
    return this.frames.filter((frame) => frame.kind === 'call');
  }
}

describe('EngineClient', () => {
  afterEach(() => vi.useRealTimers());

  it('sends calls made before the connection is there once it is there', async () => {
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    const answer = client.call('job.list', {});
    expect(engine.calls()).toHaveLength(0);
    engine.accept();
    expect(engine.calls()[0]).toMatchObject({ method: 'job.list', params: {} });
    engine.tell({ kind: 'result', id: engine.calls()[0]!.id, result: [] });
    await expect(answer).resolves.toEqual([]);
    client.close();
  });

  it('gives every answer to its own call, whatever the order', async () => {
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    engine.accept();
    const first = client.call('trial.profile', { trialId: 'a' });
    const second = client.call('trial.errors', { trialId: 'b' });
    const [a, b] = engine.calls();
    engine.tell({
      kind: 'error',
      id: b!.id,
      error: { code: 'NOT_FOUND', message: "No trial 'b'", hint: 'Look again.' },
    });
    engine.tell({ kind: 'result', id: a!.id, result: null });
    await expect(first).resolves.toBeNull();
    await expect(second).rejects.toMatchObject({ code: 'NOT_FOUND', message: "No trial 'b'", hint: 'Look again.' });
    client.close();
  });

  it('tells the job of a call, and asks for its end when the signal is aborted', async () => {
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    engine.accept();
    const stop = new AbortController();
    const jobs: string[] = [];
    const run = client.call(
      'trial.profile.run',
      { trialId: 'a' },
      { signal: stop.signal, onJob: (id) => jobs.push(id) },
    );
    const { id } = engine.calls()[0]!;
    engine.tell({ kind: 'progress', id, progress: { jobId: 'job-7' } });
    expect(jobs).toEqual(['job-7']);
    stop.abort();
    expect(engine.frames.at(-1)).toEqual({ kind: 'cancel', id });
    engine.tell({ kind: 'error', id, error: { code: 'CANCELLED', message: 'Cancelled', hint: null } });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
    client.close();
  });

  it('rejects what was under way when the connection is lost, connects again and works on', async () => {
    vi.useFakeTimers();
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    const seen: string[] = [];
    client.onStatus((status) => seen.push(status));
    engine.accept();
    const lost = client.call('job.list', {});
    engine.drop();
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const kept = client.call('job.list', {});
    await vi.advanceTimersByTimeAsync(retryDelayMs(0));
    expect(engine.sockets).toHaveLength(2);
    engine.accept();
    engine.tell({ kind: 'result', id: engine.calls().at(-1)!.id, result: [] });
    await expect(kept).resolves.toEqual([]);
    expect(seen).toEqual(['connecting', 'open', 'lost', 'open']);
    client.close();
  });

  it('hands events to those who listen until they stop, typed arrays as typed arrays', () => {
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    engine.accept();
    const heard: unknown[] = [];
    const stop = client.on('notice', (notice) => heard.push(notice));
    engine.tell({ kind: 'event', event: 'notice', payload: { level: 'info', message: 'one' } });
    stop();
    engine.tell({ kind: 'event', event: 'notice', payload: { level: 'info', message: 'two' } });
    expect(heard).toEqual([{ level: 'info', message: 'one' }]);
    client.close();
  });

  it('opens a new connection when the engine sends what is no frame', async () => {
    vi.useFakeTimers();
    const engine = new FakeEngine();
    const client = new EngineClient(engine.open);
    engine.accept();
    const lost = client.call('job.list', {});
    engine.sockets.at(-1)?.received?.(new Uint8Array([0xc1, 0xff, 0x00]));
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await vi.advanceTimersByTimeAsync(retryDelayMs(0));
    expect(engine.sockets).toHaveLength(2);
    client.close();
  });

  it('waits longer after every failed try, three seconds at most', () => {
    expect([0, 1, 2].map(retryDelayMs)).toEqual([250, 400, 640]);
    expect(retryDelayMs(50)).toBe(3000);
  });
});
