import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Turns } from '../../../../main/base/turns.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { RunnerPool, withRunner } from '../../../../main/engine/runtime/runner-pool.ts';
import type { ModelSource } from '../../../../main/engine/runtime/settings.ts';
import type { DType } from '../../../../main/engine/tensor/dtype.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const cpu = { provider: 'cpu', threads: 1 } as const;
const source = (model: Model): ModelSource => ({ bytes: encodeModel(model) });
const floats = (...values: number[]): HostTensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: new Float32Array(values),
});

/** y = x + x */
const double = source(graph().input('x', 'float32', ['n']).addTo('x', { to: 'y' }).output('y').build());

/** y = x; for any type. */
function echo(dtype: DType): ModelSource {
  const model = graph()
    .input('x', dtype, ['n'])
    .add(makeNode('Identity', ['x'], ['y']))
    .output('y', dtype, ['n']);
  return source(model.build());
}

/** Multiplies 512 × 512 matrices `times` times: long enough to be caught in the middle. */
function slow(times: number): ModelSource {
  const model = graph().input('x', 'float32', [512, 512]).weights('w', [512, 512]);
  for (let step = 0; step < times; step++) model.unary('MatMul', {}, ['w']);
  return source(model.output().build());
}
const matrix: HostTensor = { dtype: 'float32', dims: [512, 512], data: new Float32Array(512 * 512) };

/** Whether a process exists that is not a zombie. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  for (let wait = 0; lives(pid) && wait < 200; wait++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(lives(pid)).toBe(false);
}

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

describe('a session', () => {
  it('runs a model and tells its inputs and outputs', async () => {
    const session = await runner.load(double, cpu);
    expect(session.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['n'] }]);
    expect(session.outputs.map((port) => port.name)).toEqual(['y']);
    const { y } = await session.run({ x: floats(1, 2, 3) });
    expect(y).toEqual(floats(2, 4, 6));
    await session.close();
  });

  it.each([
    ['float32', new Float32Array([1.5, -2])],
    ['float64', new Float64Array([1.5, -2])],
    ['float16', new Uint16Array([0x3c00, 0xc000])],
    ['int64', new BigInt64Array([-1n, 2n ** 62n])],
    ['uint64', new BigUint64Array([2n ** 63n, 0n])],
    ['int32', new Int32Array([-5, 5])],
    ['int8', new Int8Array([-128, 127])],
    ['uint8', new Uint8Array([0, 255])],
    ['bool', new Uint8Array([1, 0])],
    ['string', ['jade', 'Ω ☃']],
  ] as const)('carries %s there and back', async (dtype, data) => {
    const session = await runner.load(echo(dtype), cpu);
    const { y } = await session.run({ x: { dtype, dims: [2], data } });
    expect(y).toEqual({ dtype, dims: [2], data });
    await session.close();
  });

  it('keeps the order of many runs in flight', async () => {
    const session = await runner.load(double, cpu);
    const runs = Array.from({ length: 20 }, (_, index) => session.run({ x: floats(index) }));
    const sums = (await Promise.all(runs)).map((outputs) => (outputs['y']!.data as Float32Array)[0]);
    expect(sums).toEqual(Array.from({ length: 20 }, (_, index) => 2 * index));
    await session.close();
  });

  it('refuses feeds that do not fit before the runtime sees them', async () => {
    const session = await runner.load(double, cpu);
    await expect(session.run({})).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: "Input 'x' is missing, expected float32 [n]",
    });
    await expect(session.run({ x: { ...floats(1), dims: [1, 1] } })).rejects.toThrow(
      "Input 'x': got float32 [1, 1], expected float32 [n]",
    );
    await expect(session.run({ x: { ...floats(1, 2), dims: [3] } })).rejects.toThrow(/2 values for dims \[3\]/);
    await expect(session.run({ x: floats(1), z: floats(1) })).rejects.toThrow("The model has no input 'z'; it has x");
    await session.close();
  });

  it('times exactly the runs asked for and samples memory', async () => {
    const session = await runner.load(double, cpu);
    const timing = await session.time({ x: floats(1) }, { warmup: 2, runs: 7 });
    expect(timing.timesMs).toHaveLength(7);
    expect(timing.timesMs.every((time) => time > 0)).toBe(true);
    expect(timing.warmup).toBe(2);
    expect(timing.memory[0]!.bytes).toBeGreaterThan(1e6);
    await session.close();
  });

  it('times two sessions in turns', async () => {
    const a = await runner.load(double, { ...cpu, takesTurns: true });
    const b = await runner.load(double, { ...cpu, takesTurns: true });
    const entries = [a, b].map((session) => ({ session, feeds: { x: floats(1) } }));
    const timings = await runner.timeInterleaved(entries, { warmup: 1, runs: 4 });
    expect(timings.map((timing) => timing.timesMs.length)).toEqual([4, 4]);
    await Promise.all([a.close(), b.close()]);
  });
});

describe('turns', () => {
  /** Somebody else who wants the machine; tells what happened in order. */
  function others(log: string[], take: () => Promise<boolean> = () => Promise.resolve(false)): Turns {
    return {
      take: () => {
        log.push('take');
        return take();
      },
      giveBack: () => void log.push('give back'),
    };
  }

  it('are taken before a timed series and given back after it; other calls need none', async () => {
    const log: string[] = [];
    const mine = await startRunner({ turns: others(log) });
    const session = await mine.load(double, cpu);
    await session.run({ x: floats(1) });
    expect(log).toEqual([]);
    const timing = await session.time({ x: floats(1) }, { warmup: 0, runs: 3 });
    expect(log).toEqual(['take', 'give back']);
    expect(timing.timesMs).toHaveLength(3);
    mine.kill();
  });

  it('come again with each block, and what others disturbed is warmed up again, uncounted', async () => {
    const log: string[] = [];
    const mine = await startRunner({ turns: others(log, () => Promise.resolve(log.length > 1)) });
    const session = await mine.load(slow(40), cpu);
    const timing = await session.time({ [session.inputs[0]!.name]: matrix }, { warmup: 0, runs: 4 });
    expect(timing.timesMs).toHaveLength(4);
    const takes = log.filter((entry) => entry === 'take').length;
    // Every block after the first begins with runs that do not count.
    expect(timing.uncounted.length > 0).toBe(takes > 1);
    expect(log.at(-1)).toBe('give back');
    mine.kill();
  });

  it('are given back when the runner ends while it waits for its own', async () => {
    const log: string[] = [];
    const { promise: never } = Promise.withResolvers<boolean>();
    const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
    const mine = await startRunner({
      turns: others(log, () => {
        tell();
        return never;
      }),
    });
    const session = await mine.load(double, cpu);
    const timing = session.time({ x: floats(1) }, { warmup: 0, runs: 3 });
    await asked;
    mine.kill();
    await expect(timing).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(log).toEqual(['take', 'give back']);
  });
});

describe('a model that the runtime refuses', () => {
  it('is reported without paths of this machine', async () => {
    const unknown = source(graph().input('x', 'float32', [1]).node('NoSuchOp', ['x']).output().build());
    await expect(runner.load(unknown, cpu)).rejects.toMatchObject({
      code: 'RUNTIME_LOAD_FAILED',
      message: expect.stringMatching(/^The runtime refuses this model: [^/]*NoSuchOp[^/]*$/),
    });
  });

  it('leaves the runner working', async () => {
    await expect(runner.load({ bytes: new Uint8Array([1, 2, 3]) }, cpu)).rejects.toThrow(/refuses/);
    const session = await runner.load(double, cpu);
    expect((await session.run({ x: floats(4) }))['y']).toEqual(floats(8));
    await session.close();
  });

  it('names the provider that this build does not have', async () => {
    const missing = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(runner.load(double, { provider: missing, threads: 1 })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });
});

describe('the end of a runner', () => {
  it('comes at once when a call is cancelled in the middle of a run', async () => {
    const mine = await startRunner();
    const session = await mine.load(slow(400), cpu);
    const abort = new AbortController();
    const first = session.run({ [session.inputs[0]!.name]: matrix }, { signal: abort.signal });
    const second = session.run({ [session.inputs[0]!.name]: matrix });
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    await gone(mine.pid!);
    expect(mine.alive).toBe(false);
    await expect(mine.call('hello', null)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('rejects what was under way when it is killed from outside, and says with which signal', async () => {
    let reason: unknown;
    const mine = await startRunner({ onExit: (error) => (reason = error) });
    const session = await mine.load(slow(400), cpu);
    const run = session.run({ [session.inputs[0]!.name]: matrix });
    process.kill(mine.pid!, 'SIGKILL');
    await expect(run).rejects.toMatchObject({
      code: 'RUNTIME_DIED',
      message: expect.stringMatching(/\(SIGKILL\) while it ran a model$/),
    });
    expect(reason).toMatchObject({ code: 'RUNTIME_DIED' });
  });

  it('follows the end of its parent', async () => {
    const entry = fileURLToPath(new URL('../../../../main/engine/runtime/runner.ts', import.meta.url));
    const script = `import { startRunner } from ${JSON.stringify(entry)};
      const runner = await startRunner();
      console.log(runner.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    parent.kill('SIGKILL');
    await gone(Number(pid.toString()));
  });
});

describe('RunnerPool', () => {
  it('replaces a runner that a cancel has ended', async () => {
    const pool = new RunnerPool();
    const abort = new AbortController();
    const cancelled = pool.use(
      async (first) => {
        const session = await first.load(slow(400), cpu);
        const run = session.run({ [session.inputs[0]!.name]: matrix }, { signal: abort.signal });
        abort.abort();
        return run;
      },
      { signal: abort.signal },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    const sum = await pool.use(async (second) => {
      const session = await second.load(double, cpu);
      return (await session.run({ x: floats(1) }))['y'];
    });
    expect(sum).toEqual(floats(2));
    pool.dispose();
  });

  it('lends one runner at a time, and lets a waiting job be cancelled', async () => {
    const pool = new RunnerPool();
    const log: string[] = [];
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const first = pool.use(async () => {
      log.push('first');
      await held;
      log.push('first done');
    });
    const abort = new AbortController();
    const second = pool.use(async () => log.push('never'), { signal: abort.signal });
    const third = pool.use(async () => log.push('third'));
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    release();
    await Promise.all([first, third]);
    expect(log).toEqual(['first', 'first done', 'third']);
    pool.dispose();
  });
});

it('ends a runner of its own after the work', async () => {
  const pid = await withRunner(async (mine) => mine.pid!);
  await gone(pid);
});

it('the runtime keeps no log of its use: it reports nothing to its makers', async () => {
  using folder = tempFolder();
  const quiet = await startRunner({ env: { TMPDIR: folder.path } });
  const session = await quiet.load(double, cpu);
  await session.run({ x: floats(1) });
  expect(readdirSync(folder.path)).toEqual([]);
  quiet.kill();
});
