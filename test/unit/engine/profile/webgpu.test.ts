import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { profileModel } from '../../../../main/engine/profile/profile-model.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import { probeProviders } from '../../../../main/engine/runtime/providers.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** Chromium's software Vulkan stands in for a GPU where it is installed: slow, but with the same events in the trace. */
const SOFTWARE_VULKAN = '/usr/lib/chromium/vk_swiftshader_icd.json';
const env = existsSync(SOFTWARE_VULKAN) ? { VK_ICD_FILENAMES: SOFTWARE_VULKAN } : {};
const runners = new RunnerPool({ env });
let reason: string | null = null;

beforeAll(async () => {
  const providers = await probeProviders({ env });
  reason = providers.find((provider) => provider.name === 'webgpu')?.reason ?? null;
});
afterAll(() => runners.dispose());

it('takes kernel times from the GPU and attributes them to layers', async (test) => {
  if (reason !== null) test.skip(`WebGPU does not start here: ${reason}`);
  using folder = tempFolder();
  const model = graph()
    .input('x', 'float32', [1, 4, 8, 8])
    .conv({ name: 'conv', channels: 4 })
    .relu({ name: 'relu', to: 'y' })
    .output('y')
    .build();
  const path = folder.file('model.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const request = {
    provider: 'webgpu',
    threads: 1,
    batch: 1,
    dims: {},
    runs: 2,
    warmup: 1,
    inputs: null,
    trace: null,
  } as const;
  const result = await profileModel({ model, path }, runners, request, quietContext());
  expect(result.notes).toContain("Kernel times are the GPU's own; what is left is dispatch, copies and waiting.");
  const layers = new Map(result.layers.map((layer) => [layer.name, layer]));
  expect(layers.get('conv')!.timeMs).toBeGreaterThan(0);
  expect(layers.get('relu')!.kernels.length).toBeGreaterThan(0);
  expect(result.kernels.filter((kernel) => kernel.sources.length === 0)).toEqual([]);
});
