import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import type { CalibrationMemory } from '../../../../main/engine/quantize/calibration-memory.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeStep, randomBatches, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 6, 6];
const BATCHES = 4;
const model = graph()
  .input('x', 'float32', ['N', 3, 6, 6])
  .conv({ name: 'c1', channels: 4 })
  .relu({ name: 'r1' })
  .conv({ name: 'c2', channels: 4, inputs: 4, to: 'y' })
  .output('y', 'float32', ['N', 4, 6, 6])
  .build({ opset: 17 });

function memory(dataKey = 'data'): CalibrationMemory & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const write = (key: string, content: Uint8Array): Promise<void> => {
    files.set(key, content);
    return Promise.resolve();
  };
  return { dataKey, files, read: (key) => Promise.resolve(files.get(key)), write };
}

/** The model's bytes, and how many batches were read for it. */
async function quantize(
  step: Partial<Int8StaticStep>,
  kept?: CalibrationMemory,
  batches: () => FeedBatches = () => randomBatches(DIMS, BATCHES),
): Promise<{ readonly bytes: Uint8Array; readonly read: number }> {
  let read = 0;
  async function* calibration(): FeedBatches {
    for await (const batch of batches()) {
      read++;
      yield batch;
    }
  }
  const input = { step: quantizeStep(step), calibration, runner, vnni: true, ...(kept ? { memory: kept } : {}) };
  const made = await quantizeStatic(model, input, quietContext());
  return { bytes: encodeModelBytes(made.model), read };
}

it('another observer on the same data reads a batch or two and no more, and gives what a pass of its own gives', async () => {
  const kept = memory();
  const first = await quantize({ calibrator: 'minmax' }, kept);
  expect(first.read).toBeGreaterThanOrEqual(BATCHES);
  expect(kept.files.size).toBe(1);
  for (const calibrator of ['mse', 'entropy', 'ema'] as const) {
    const again = await quantize({ calibrator }, kept);
    // The first batch tells which samples are finite, and what kernels are checked on.
    expect(again.read).toBeLessThanOrEqual(2);
    expect(again.bytes).toEqual((await quantize({ calibrator })).bytes);
  }
  expect(kept.files.size).toBe(1);
});

it('other samples and other data are counted anew, and so is what cannot be read', async () => {
  const kept = memory();
  await quantize({}, kept);
  expect((await quantize({ samples: 4 }, kept)).read).toBeGreaterThan(2);
  expect(kept.files.size).toBe(2);
  expect((await quantize({}, { ...kept, dataKey: 'other' })).read).toBeGreaterThanOrEqual(BATCHES);
  for (const key of kept.files.keys()) kept.files.set(key, Uint8Array.of(1, 2, 3));
  expect((await quantize({}, kept)).read).toBeGreaterThanOrEqual(BATCHES);
});

it('keeps nothing where samples were left out, which every trial has to tell', async () => {
  const kept = memory();
  async function* batches(): FeedBatches {
    yield* randomBatches(DIMS, 2);
    const bad = randomFeed(DIMS, 9);
    (bad['x']!.data as Float32Array)[0] = Number.NaN;
    yield bad;
  }
  await quantize({}, kept, batches);
  expect(kept.files.size).toBe(0);
});
