/** Every real model that runs is profiled: each kernel gets its layers, no time is lost, and the result fits the contract. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { profileSchema } from '../../main/contract/results.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { profileModel } from '../../main/engine/profile/profile-model.ts';
import { quietContext } from '../../main/base/progress.ts';
import { RunnerPool } from '../../main/engine/runtime/runner-pool.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const assets = join(root, '../shared/assets/models');
const runners = new RunnerPool();
afterAll(() => runners.dispose());

const request = {
  provider: 'cpu',
  threads: null,
  batch: 1,
  dims: {},
  runs: 3,
  warmup: 1,
  inputs: null,
  trace: null,
} as const;

/** Paths of the models, by the name of their folder. */
function modelFiles(): { readonly name: string; readonly path: string }[] {
  if (!existsSync(assets)) return [];
  return readdirSync(assets).flatMap((name) =>
    readdirSync(join(assets, name))
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => ({ name, path: join(assets, name, file) })),
  );
}

const models = modelFiles();
const runnable = models.filter(({ name }) => !/^(?:broken-|edge-custom-op)/.test(name));
/** These open as a graph, but the runtime refuses them. */
const refused = models.filter(({ name }) => name === 'edge-custom-op-negpos' || name === 'broken-external-missing');

describe.skipIf(models.length === 0)('profiling real models', () => {
  it.each(runnable)('$name', async ({ path }) => {
    const opened = await openModel(path);
    const result = await profileModel(opened, runners, request, quietContext());
    expect(() => profileSchema.parse(result)).not.toThrow();
    expect(result.kernels.length).toBeGreaterThan(0);
    expect(result.kernels.filter((kernel) => kernel.sources.length === 0).map((kernel) => kernel.name)).toEqual([]);
    const layers = new Set(result.layers.map((layer) => layer.name));
    expect(result.kernels.flatMap((kernel) => kernel.sources).filter((source) => !layers.has(source))).toEqual([]);
    const kernelMs = result.kernels.reduce((sum, kernel) => sum + kernel.timeMs, 0);
    expect(result.layers.reduce((sum, layer) => sum + layer.timeMs, 0)).toBeCloseTo(kernelMs, 6);
    expect(result.latency.runs).toBe(3);
  });

  it.each(refused)('$name is refused with a reason and no path', async ({ path }) => {
    const opened = await openModel(path);
    await expect(profileModel(opened, runners, request, quietContext())).rejects.toMatchObject({
      code: 'RUNTIME_LOAD_FAILED',
      message: expect.not.stringContaining(dirname(path)),
    });
  });
});
