import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { profileSchema } from '../../../../main/contract/results.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { parseModel } from '../../../../main/engine/onnx/parse.ts';
import { importTrace } from '../../../../main/engine/profile/import-trace.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { waterfallOf } from '../../../../main/judge/profile/waterfall.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const runners = new RunnerPool();
afterAll(() => runners.dispose());

const model = graph()
  .input('x', 'float32', ['N', 3, 8, 8])
  .conv({ name: 'conv', channels: 4 })
  .relu({ name: 'relu' })
  .globalAveragePool({ name: 'pool' })
  .flatten({ name: 'flatten' })
  .gemm({ name: 'head', inputs: 4, outputs: 2 })
  .output()
  .build();

/** What the runtime itself writes for three runs of the model at batch 2. */
async function foreignTrace(): Promise<{ readonly text: string; readonly optimised: Uint8Array }> {
  using folder = tempFolder();
  const traces = join(folder.path, 'traces');
  mkdirSync(traces);
  const path = folder.file('model.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const optimizedModelPath = folder.file('optimised.onnx');
  await runners.use(async (runner) => {
    const settings = { provider: 'cpu', threads: 1, profilePrefix: join(traces, 'trace'), optimizedModelPath } as const;
    const session = await runner.load({ path }, settings);
    const x = { dtype: 'float32', dims: [2, 3, 8, 8], data: new Float32Array(384).fill(1) } as const;
    for (let run = 0; run < 3; run++) await session.run({ x });
    await session.endProfiling();
    await session.close();
  });
  const [name] = readdirSync(traces);
  return {
    text: readFileSync(join(traces, name!), 'utf8'),
    optimised: new Uint8Array(readFileSync(optimizedModelPath)),
  };
}

describe('importTrace', () => {
  it('attributes the runtime’s own trace, with sizes as its kernels saw them', async () => {
    const { text, optimised } = await foreignTrace();
    const result = importTrace(model, { text, name: 'trace.json', optimised: parseModel(optimised, '.') });
    expect(profileSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({ imported: 'trace.json', batch: 2, dims: { N: 2 } });
    expect(result.machine).toMatchObject({ provider: 'cpu', threads: 1 });
    expect(result.latency).toMatchObject({ runs: 2, warmup: 1 });
    expect(result.kernels.every(({ sources }) => sources.length > 0)).toBe(true);
    // 2 images · 4 channels · 8 · 8 places · 3 · 3 · 3 weights
    expect(result.layers.find(({ name }) => name === 'conv')!.macs).toBe(2 * 4 * 64 * 27);
    const { steps } = waterfallOf(result)!;
    const profiled = steps.find(({ part }) => part === 'profiled')!;
    const before = steps.slice(0, steps.indexOf(profiled)).reduce((sum, { ms }) => sum + ms, 0);
    expect(before).toBeCloseTo(profiled.ms, 9);
    expect(result.tensors!.length).toBeGreaterThan(0);
  });

  it('takes a trace without its graph, and Chrome’s object around it', async () => {
    const { text } = await foreignTrace();
    const wrapped = JSON.stringify({ traceEvents: JSON.parse(text) });
    const result = importTrace(model, { text: wrapped, name: 'trace.json', optimised: null });
    expect(result.layers.find(({ name }) => name === 'head')!.timeMs).toBeGreaterThan(0);
    expect(result.notes.join(' ')).toContain('names alone');
    expect(result.tensors).toBe(null);
  });

  it('refuses what is no trace, has no run, or is of another model', async () => {
    const read =
      (text: string, of = model) =>
      () =>
        importTrace(of, { text, name: 'x.json', optimised: null });
    expect(read('hello')).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
    expect(read('[]')).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
    expect(read('{"traceEvents": 3}')).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
    const { text } = await foreignTrace();
    const other = graph().input('z', 'float32', [1]).node('Neg', ['z'], {}, ['y'], { name: 'neg' }).output('y').build();
    expect(read(text, other)).toThrow(/belongs to this model/);
  });
});
