import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { profileModel, type ProfileRequest } from '../../../../main/engine/profile/profile-model.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { profileSchema } from '../../../../main/contract/results.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const runners = new RunnerPool();
afterAll(() => runners.dispose());

const request: ProfileRequest = {
  provider: 'cpu',
  threads: 1,
  batch: 2,
  dims: {},
  runs: 4,
  warmup: 1,
  inputs: null,
  trace: null,
};

/** Nameless nodes on purpose: conv → relu → pool → flatten → gemm. */
const network = graph()
  .input('x', 'float32', ['N', 3, 16, 16])
  .conv({ name: '/conv', channels: 8 })
  .relu({ name: '' })
  .globalAveragePool({ name: '' })
  .flatten({ name: '' })
  .gemm({ name: '/head', inputs: 8, outputs: 4 })
  .output('gemm_4')
  .build();

async function profile(model: Model, overrides: Partial<ProfileRequest> = {}, context = quietContext()) {
  using folder = tempFolder();
  const path = folder.file('model.onnx');
  writeFileSync(path, encodeModelBytes(model));
  return await profileModel({ model, path }, runners, { ...request, ...overrides }, context);
}

/** Folders of ours that are still there. */
function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('lapidary-profile-'));
}

describe('profileModel', () => {
  it('measures, attributes every kernel and loses no time', async () => {
    const result = await profile(network);
    expect(profileSchema.parse(result)).toEqual(result);
    expect(result.latency).toMatchObject({ runs: 4, warmup: 1 });
    expect(result.batch).toBe(2);
    expect(result.dims).toEqual({ N: 2 });
    expect(result.machine.threads).toBe(1);
    expect(result.layers.map((layer) => layer.name)).toEqual([
      '/conv',
      'Relu_1',
      'GlobalAveragePool_2',
      'Flatten_3',
      '/head',
    ]);
    expect(result.kernels.every((kernel) => kernel.sources.length > 0)).toBe(true);
    const kernelMs = result.kernels.reduce((sum, kernel) => sum + kernel.timeMs, 0);
    const layerMs = result.layers.reduce((sum, layer) => sum + layer.timeMs, 0);
    expect(layerMs).toBeCloseTo(kernelMs, 9);
    expect(result.layers.reduce((sum, layer) => sum + layer.share, 0)).toBeCloseTo(1, 9);
    // 2 images · 8 channels · 16 · 16 places · 3 · 3 · 3 weights
    expect(result.layers[0]!.macs).toBe(2 * 8 * 256 * 27);
    expect(result.layers[0]!.kernels.length).toBeGreaterThan(0);
    expect(result.memory.sessionBytes).toBeGreaterThan(0);
    expect(result.memory.peakBytes).toBeGreaterThan(0);
    // Line and peak mean the same: what the model takes over an empty runner.
    for (const { bytes } of result.memory.samples) expect(bytes).toBeLessThanOrEqual(result.memory.peakBytes);
    // 4 runs behind 3 that warm up; every kernel is in each
    const warm = result.runs.map(({ use }) => use === 'warm-up');
    expect(warm).toEqual([true, true, true, false, false, false, false]);
    for (const { kernels } of result.runs) expect(new Set(kernels).size).toBe(result.kernels.length);
    // what the runs say of a kernel is what the table says of it
    const counted = result.runs.filter(({ use }) => use === 'counted');
    for (const [place, { timeMs }] of result.kernels.entries()) {
      const own = counted.map(({ kernels, ownUs }) => ownUs[kernels.indexOf(place)]!);
      expect(own.reduce((sum, us) => sum + us, 0) / own.length / 1000).toBeCloseTo(timeMs, 9);
    }
    expect(result.recheck?.runs).toBe(4);
    const { parseMs, initialiseMs, optimiseMs, prepackMs, totalMs } = result.loading!;
    expect(parseMs + initialiseMs).toBeLessThanOrEqual(totalMs + 1);
    expect(optimiseMs! + prepackMs!).toBeLessThanOrEqual(initialiseMs);
    // input [2, 3, 16, 16] and output [2, 4] in float32
    expect(result.tensors!.find(({ kind }) => kind === 'input')!.bytes).toBe(2 * 3 * 256 * 4);
    expect(result.tensors!.find(({ kind }) => kind === 'output')!.bytes).toBe(2 * 4 * 4);
    expect(result.kernels.every(({ memory }) => memory!.requestedBytes <= memory!.arenaBytes)).toBe(true);
  });

  it('records runs in blocks, in turns with runs without the profiler', async () => {
    const { runs, recheck } = await profile(network, { runs: 11 });
    // blocks of 2, 2, 2, 2, 3 behind 3, 2, 2, 2, 2 that warm up
    const warm = runs.map(({ use }) => (use === 'warm-up' ? 'w' : 'c')).join('');
    expect(warm).toBe('wwwcc' + 'wwcc'.repeat(3) + 'wwccc');
    expect(recheck?.runs).toBe(11);
    // every time by the caller's clock belongs to its run: none is shorter than the runtime's own
    for (const { wallUs, runUs } of runs) if (wallUs !== null) expect(wallUs).toBeGreaterThanOrEqual(runUs - 1);
  });

  it('counts the branch of an If that the run took, not the larger one', async () => {
    const product = (name: string, columns: number) =>
      graph()
        .weights(`${name}_w`, [4, columns])
        .node('MatMul', ['x', `${name}_w`], {}, [`${name}_y`], { name })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [2, 4])
      .initializer('limit', 'float32', [], [1e9])
      .node('ReduceMax', ['x'], { keepdims: 0n }, ['max'])
      .node('Greater', ['max', 'limit'], {}, ['huge'])
      .node('If', ['huge'], { then_branch: product('large', 64), else_branch: product('small', 3) }, ['y'], {
        name: 'if',
      })
      .output('y')
      .build();
    const { layers } = await profile(model, { batch: 1 });
    const macs = Object.fromEntries(layers.map((layer) => [layer.name, layer.macs]));
    expect(macs).toMatchObject({ 'if/then_branch/large': 0, 'if/else_branch/small': 2 * 4 * 3 });
  });

  it('measures the work of layers where inference ends', async () => {
    const model = graph()
      .input('x', 'float32', [6, 4])
      .node('NonZero', ['x'], {}, ['places'], { name: 'places' })
      .node('Cast', ['places'], { to: 1n }, ['numbers'], { name: 'cast' })
      .node('MatMul', ['numbers', 'w'], {}, ['y'], { name: 'matmul' })
      .weights('w', [24, 5])
      .output('y')
      .build();
    const result = await profile(model, { batch: 1 });
    // random normal numbers are not zero: all 24 places, so [2, 24] × [24, 5]
    expect(result.layers.find((layer) => layer.name === 'matmul')!.macs).toBe(2 * 24 * 5);
  });

  it('tells of outputs that are not numbers', async () => {
    const model = graph().input('x', 'float32', [3]).initializer('zero', 'float32', [], [0]).unary('Mul', {}, ['zero']);
    model.unary('Div', { to: 'y' }, ['zero']).output('y');
    const { notes } = await profile(model.build(), { batch: 1 });
    expect(notes).toContain("Output 'y' holds 3 of 3 values that are NaN or infinite.");
  });

  it('writes a trace with the layers in it', async () => {
    using folder = tempFolder();
    const trace = folder.file('trace.json');
    const result = await profile(network, { trace });
    expect(result.trace).toBe('trace.json');
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: { cat: string; name: string }[] };
    expect(traceEvents.some((event) => event.cat === 'Layer' && event.name === '/conv')).toBe(true);
  });

  it('stops when cancelled while timing, and leaves no file behind', async () => {
    // a place of its own: other tests profile at the same time
    using place = tempFolder();
    vi.stubEnv('TMPDIR', place.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const abort = new AbortController();
    const progress = ({ stage }: { readonly stage: string }): void => {
      if (stage === 'Profiling') abort.abort();
    };
    const running = profile(network, { runs: 100_000 }, { signal: abort.signal, progress });
    setTimeout(() => abort.abort(), 300);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    // the pool's turn ends only when the cancelled work has cleaned up
    await runners.use(async () => undefined);
    expect(leftovers()).toEqual([]);
  });

  it('reports a model that the runtime does not take', async () => {
    const model = graph().input('x', 'float32', [1]).node('NoSuchOp', ['x']).output().build();
    await expect(profile(model)).rejects.toMatchObject({ code: 'RUNTIME_LOAD_FAILED' });
  });
});
