import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateModel, type EvaluateRequest } from '../../../../main/engine/dataset/evaluate.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { quietContext, type TaskContext } from '../../../../main/base/progress.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { npyBytes, npzBytes } from '../../../support/data-files.ts';
import { graph } from '../../../support/graph-builder.ts';

let folder = '';
let runner: Runner;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-evaluate-'));
  runner = await startRunner();
});
afterAll(async () => {
  runner.kill();
  await rm(folder, { recursive: true, force: true });
});

/** scores = x · weightᵀ, for x [N, 2] and as many classes as the weight has rows. */
function linear(weight: readonly number[], batch: number | string = 'N'): { bytes: readonly Uint8Array[] } {
  const outputs = weight.length / 2;
  const model = graph()
    .input('x', 'float32', [batch, 2])
    .gemm({ inputs: 2, outputs, weight, bias: false, to: 'scores' })
    .output('scores', 'float32', [batch, outputs])
    .build({ opset: 17, irVersion: 9 });
  return { bytes: encodeModel(model) };
}

/** The class is the larger of the two values. */
const IDENTITY = linear([1, 0, 0, 1]);

async function data(name: string, x: readonly number[], y: readonly number[] | null) {
  const arrays = { x: npyBytes(Float32Array.from(x), [x.length / 2, 2]) };
  const labels = y === null ? {} : { y: npyBytes(Int32Array.from(y), [y.length]) };
  const path = join(folder, `${name}.npz`);
  await writeFile(path, npzBytes({ ...arrays, ...labels }));
  return openDataset(path);
}

const evaluate = (request: Omit<EvaluateRequest, 'runner' | 'settings'>, context: TaskContext = quietContext()) =>
  evaluateModel({ ...request, runner, settings: { provider: 'cpu', threads: 1 } }, context);

describe('evaluateModel', () => {
  it('counts accuracy, confusion and which samples are right', async () => {
    const dataset = await data('three', [1, 0, 0, 1, 1, 0], [0, 1, 1]);
    const result = await evaluate({ model: IDENTITY, dataset, batch: 2 });
    expect(result).toMatchObject({ samples: 3, batch: 2, classes: ['0', '1'], agreement: null, sqnrDb: null });
    expect(result.metrics['top1']!.value).toBeCloseTo(2 / 3, 12);
    expect(result.confusion).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect([...result.outcomes.top1!]).toEqual([0b011]);
    expect(result.samplesPerSecond).toBeGreaterThan(0);
  });

  it('gives the same result with a fixed batch that does not divide the samples', async () => {
    const dataset = await data('fixed', [1, 0, 0, 1, 1, 0], [0, 1, 1]);
    const result = await evaluate({ model: linear([1, 0, 0, 1], 2), dataset, batch: 64 });
    expect(result.batch).toBe(2);
    expect([...result.outcomes.top1!]).toEqual([0b011]);
  });

  it('compares with a reference where there are no labels', async () => {
    const dataset = await data('unlabelled', [1, 0, 0, 1], null);
    // scores 1.1 times as large: noise is a tenth of the signal
    const result = await evaluate({ model: linear([1.1, 0, 0, 1.1]), dataset, reference: IDENTITY });
    expect(result).toMatchObject({ metrics: {}, confusion: null, outcomes: { top1: null }, agreement: { value: 1 } });
    expect(result.sqnrDb).toBeCloseTo(20, 4);
    expect(result.cosine).toBeCloseTo(1, 6);
  });

  it('sees when predictions differ from the reference', async () => {
    const dataset = await data('differ', [1, 0, 0, 1], [0, 1]);
    const result = await evaluate({ model: linear([0, 1, 0, 2]), dataset, reference: IDENTITY });
    // (1, 0) gives equal scores, the first wins: 0 as the reference; (0, 1) gives 1 as well
    expect(result.agreement!.value).toBe(1);
    const swapped = await evaluate({ model: linear([0, 1, 1, 0]), dataset, reference: IDENTITY });
    expect(swapped.agreement!.value).toBe(0);
    expect(swapped.metrics['top1']!.value).toBe(0);
  });

  it('notes samples that give NaN', async () => {
    const dataset = await data('nan', [1, 0, NaN, 0], [0, 0]);
    const result = await evaluate({ model: IDENTITY, dataset });
    expect(result.metrics['top1']!.value).toBe(0.5);
    expect(result.notes).toEqual(['1 of 2 samples gave NaN and count as wrong.']);
  });

  it('compares outputs that are no class scores, and says that the labels were of no use', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .node('Unsqueeze', ['x'], { axes: [2n] }, ['column'])
      .node('Concat', ['column', 'column'], { axis: 2n }, ['map'])
      .output('map', 'float32', ['N', 2, 2])
      .build({ opset: 11, irVersion: 6 });
    const source = { bytes: encodeModel(model) };
    const dataset = await data('map', [1, 0, 0, 1], [0, 1]);
    const result = await evaluate({ model: source, reference: source, dataset });
    expect(result).toMatchObject({ metrics: {}, agreement: null, cosine: expect.closeTo(1, 12) });
    expect(result.notes).toEqual([expect.stringContaining('neither accuracy nor agreement is counted')]);
    await expect(evaluate({ model: source, dataset })).rejects.toMatchObject({ code: 'DATA_SHAPE' });
  });

  it('asks for labels or a reference', async () => {
    const dataset = await data('neither', [1, 0], null);
    await expect(evaluate({ model: IDENTITY, dataset })).rejects.toMatchObject({ code: 'DATA_LABELS_MISSING' });
  });

  it('refuses labels that the model has no class for', async () => {
    const dataset = await data('large', [1, 0], [7]);
    await expect(evaluate({ model: IDENTITY, dataset })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: 'A sample has label 7, but the model has 2 classes (0 to 1)',
    });
  });

  it('stops when told to, and the runner is ended', async () => {
    // More samples than can be in flight when the first one is done.
    const labels = Array.from({ length: 500 }, (_, index) => index % 2);
    const rows = labels.flatMap((label) => (label === 0 ? [1, 0] : [0, 1]));
    const dataset = await data('cancelled', rows, labels);
    const controller = new AbortController();
    const own = await startRunner();
    const context: TaskContext = { signal: controller.signal, progress: ({ done }) => done > 0 && controller.abort() };
    const running = evaluateModel(
      { model: IDENTITY, dataset, batch: 1, runner: own, settings: { provider: 'cpu', threads: 1 } },
      context,
    );
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(own.alive).toBe(false);
    own.kill();
  });
});
