/** The engine is killed in the middle of a trial: it comes back where it was, and nothing is lost. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { superviseEngine, type SupervisedEngine } from '../../main/host/supervisor.ts';
import { connectEngine } from '../support/engine-client.ts';

let directory: string;
const before = process.env['LAPIDARY_WORKSPACE'];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-supervisor-'));
  process.env['LAPIDARY_WORKSPACE'] = directory;
});
afterAll(() => {
  if (before === undefined) delete process.env['LAPIDARY_WORKSPACE'];
  else process.env['LAPIDARY_WORKSPACE'] = before;
  rmSync(directory, { recursive: true, force: true });
});

/** Starts an engine; `restarted` settles with the reason of its first restart. */
async function supervise(): Promise<{ engine: SupervisedEngine; restarted: Promise<string> }> {
  const { promise: restarted, resolve: onRestart } = Promise.withResolvers<string>();
  return { engine: await superviseEngine({ port: 0, onRestart }), restarted };
}

test('an engine killed in the middle of a trial is started again on its port, with its trial closed', async () => {
  const { engine, restarted } = await supervise();
  try {
    using client = await connectEngine(engine.port, engine.token);
    const { entry } = await client.call('model.open', { sample: 'glyph-cnn' });
    const datasets = await client.call('dataset.list', {});
    const run = {
      modelId: entry.id,
      recipe: { version: 2 as const, steps: [{ quantize: { scheme: 'int8-static' as const, samples: 64 } }] },
      calibrationDatasetId: datasets[0]!.id,
      datasetId: datasets[0]!.id,
    };
    const trial = client.call('trial.run', run).catch((error: unknown) => error);
    await client.event('job', ({ status, done }) => status === 'running' && done > 0);
    // What a save leaves that is killed half-way.
    const ended = spawnSync(process.execPath, ['--version']).pid;
    mkdirSync(join(directory, 'trials'), { recursive: true });
    writeFileSync(join(directory, 'trials', `half.onnx.${ended}.mfx0.tmp`), 'half');
    const killed = engine.pid()!;
    process.kill(killed, 'SIGKILL');
    expect(await trial).toMatchObject({ message: 'the connection broke off' });

    expect(await restarted).toBe('SIGKILL');
    expect(engine.pid()).not.toBe(killed);
    using again = await connectEngine(engine.port, engine.token);
    expect((await again.call('model.recents', {})).map(({ id }) => id)).toEqual([entry.id]);
    const trials = await again.call('trial.list', { modelId: entry.id });
    expect(trials.map(({ status, error }) => [status, error?.code])).toEqual([
      ['done', undefined],
      ['failed', 'RUNTIME_DIED'],
    ]);
    expect(readdirSync(join(directory, 'trials')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const repeated = await again.call('trial.run', { ...run, latency: false, limit: 32 });
    expect(repeated).toMatchObject({ id: trials[1]!.id, status: 'done', error: null });
  } finally {
    await engine.stop();
  }
});

test('an engine that was stopped stays away, and its port is free', async () => {
  const { engine } = await supervise();
  await engine.stop();
  await expect(connectEngine(engine.port, engine.token)).rejects.toThrow('ECONNREFUSED');
  const again = await superviseEngine({ port: engine.port, onRestart: () => undefined });
  expect(again.port).toBe(engine.port);
  await again.stop();
});

test('a port that is taken is told as such', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await expect(superviseEngine({ port, onRestart: () => undefined })).rejects.toMatchObject({
    code: 'USAGE',
    message: `Port ${port} of 127.0.0.1 cannot be used: another program uses it`,
  });
  server.close();
});
