import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { LAYER_WAYS, type LayerWay } from '../../../../../main/contract/layer-trials.ts';
import { outputDistance, outputSqnrDb } from '../../../../../main/engine/dataset/output-distance.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { layerTrial } from '../../../../../main/engine/quantize/alone/layer-trials.ts';
import { quantizeStatic } from '../../../../../main/engine/quantize/quantize-static.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { quantizeKind } from '../../../../../main/contract/recipe/quantize.ts';
import { quantizeStep } from '../../../../../main/engine/steps/quantize.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf, quantizeStep as staticStep, randomBatches, randomFeed } from '../oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 6, 6];
const BATCHES = 4;

const cnn = (): Model =>
  graph()
    .input('x', 'float32', ['N', 3, 6, 6])
    .conv({ name: 'c1', channels: 4, to: 'c1_out' })
    .relu({ name: 'r1', to: 'r1_out' })
    .conv({ name: 'c2', channels: 4, to: 'c2_out' })
    .globalAveragePool({ name: 'gap', to: 'gap_out' })
    .flatten({ name: 'flat', to: 'flat_out' })
    .gemm({ name: 'fc', inputs: 4, outputs: 3, to: 'y' })
    .output('y', 'float32', ['N', 3])
    .build({ opset: 17 });

const trial = (model: Model, layer: number, ways: readonly LayerWay[]) =>
  layerTrial(
    model,
    { layer, ways, dataKey: 'd' },
    { runner, batches: () => randomBatches(DIMS, BATCHES) },
    quietContext(),
  );

const way = (key: string): LayerWay => [...LAYER_WAYS.schemes, ...LAYER_WAYS.bits].find((each) => each.key === key)!;

describe('layerTrial', () => {
  it('names the layers that can be quantized, in the order of the model, and ends after them', async () => {
    const model = cnn();
    const names: string[] = [];
    for (let at = 0; ; at++) {
      const found = await trial(model, at, [way('w8')]);
      if (found === undefined) break;
      names.push(found.row.layer);
      expect(found).toMatchObject({ samples: 8, measure: 'divergence' });
      expect(found.layers).toBeGreaterThan(at);
    }
    expect(names).toEqual(['c1', 'c2', 'gap', 'fc']);
  });

  it('says what a model says in which that layer alone is quantized', async () => {
    const model = cnn();
    const { row } = (await trial(model, 1, [way('int8-7bit/minmax')]))!;
    const step = staticStep({ exclude: ['c1', 'gap', 'fc'] });
    const input = { step, calibration: () => randomBatches(DIMS, BATCHES), runner, vnni: true };
    const { model: alone } = await quantizeStatic(model, input, quietContext());
    const run = async (each: Model, seed: number) => {
      const { y } = await outputsOf(runner, each, randomFeed(DIMS, seed));
      return { y: { dtype: 'float32' as const, dims: [2, 3], data: y! } };
    };
    const seeds = Array.from({ length: BATCHES }, (_, at) => at + 1);
    const [float, other] = await Promise.all(
      [model, alone].map((each) => Promise.all(seeds.map((seed) => run(each, seed)))),
    );
    // Integer kernels add and round otherwise than the simulation: within 2 dB of each other.
    expect(Math.abs(row.cells[0]!.sqnrDb! - outputSqnrDb(float!, other!))).toBeLessThan(2);
  });

  it('loses 6 dB with each bit of the weights, and with each of the activations', async () => {
    const { row } = (await trial(cnn(), 0, LAYER_WAYS.bits))!;
    const decibels = new Map(LAYER_WAYS.bits.map(({ key }, at) => [key, row.cells[at]!.sqnrDb!]));
    expect(decibels.get('w8')! - decibels.get('w4')!).toBeGreaterThan(18);
    expect(decibels.get('a8')! - decibels.get('a4')!).toBeGreaterThan(18);
    expect(decibels.get('w8')! - decibels.get('w4')!).toBeLessThan(32);
    expect(row.cells.at(-1)!.loss!).toBeGreaterThan(row.cells[7]!.loss!);
  });

  it('tries half precision, ranges of each run and weights in blocks', async () => {
    const keys = ['float16', 'int8-dynamic', 'int8-weight', 'int4-weight', 'int2-weight'];
    const ways = keys.map(way);
    const cells = async (layer: number) => (await trial(cnn(), layer, ways))!.row.cells;
    const [half, dynamic, ...blocks] = (await cells(3)).map((cell) => cell?.sqnrDb ?? null);
    // 11 bits of significand: 2^-12 at most, 70 dB and more; then 8 bits, and 6 dB a bit.
    expect(half!).toBeGreaterThan(60);
    expect(half!).toBeLessThan(100);
    expect(dynamic!).toBeGreaterThan(30);
    expect(dynamic!).toBeLessThan(half!);
    expect(blocks[0]! - blocks[1]!).toBeGreaterThan(18);
    expect(blocks[1]! - blocks[2]!).toBeGreaterThan(6);
    // A convolution's weights are no matrix; a pool has none.
    expect((await cells(0)).map((cell) => cell === null)).toEqual([false, false, true, true, true]);
    expect((await cells(2)).map((cell) => cell === null)).toEqual([false, true, true, true, true]);
  });

  it('says of weights in blocks what weight-only quantization makes of them', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 40])
      .gemm({ name: 'fc', inputs: 40, outputs: 5, to: 'y' })
      .output('y', 'float32', ['N', 5])
      .build({ opset: 17 });
    const [dims, batches] = [[2, 40], () => randomBatches([2, 40], BATCHES)];
    const found = await layerTrial(
      model,
      { layer: 0, ways: [way('int4-weight')], dataKey: 'b' },
      { runner, batches },
      quietContext(),
    );
    const step = quantizeKind.schema.parse({ scheme: 'int4-weight', format: 'qdq', block: 32 });
    const surroundings = { calibration: batches, runner, vnni: true, sampleFeeds: () => Promise.resolve(undefined) };
    const made = await quantizeStep.apply(model, step, surroundings, quietContext());
    const run = async (each: Model, seed: number) => {
      const { y } = await outputsOf(runner, each, randomFeed(dims, seed));
      return { y: { dtype: 'float32' as const, dims: [2, 5], data: y! } };
    };
    const seeds = Array.from({ length: BATCHES }, (_, at) => at + 1);
    const [float, other] = await Promise.all(
      [model, made.model].map((each) => Promise.all(seeds.map((seed) => run(each, seed)))),
    );
    expect(found!.row.cells[0]!.sqnrDb!).toBeCloseTo(outputSqnrDb(float!, other!), 2);
  });

  it('has nothing to say of the weights of a layer without', async () => {
    const { row } = (await trial(cnn(), 2, [way('w8'), way('a8')]))!;
    expect(row.cells[0]).toBeNull();
    expect(row.cells[1]!.sqnrDb!).toBeGreaterThan(20);
  });
});

describe('the distance of outputs', () => {
  const rows = (...data: number[]) => [
    { y: { dtype: 'float32' as const, dims: [1, 2], data: Float32Array.from(data) } },
  ];

  it('is the divergence of the softmax of a row of scores', () => {
    // p = (¾, ¼) against q = (½, ½): ¾ ln 1.5 + ¼ ln 0.5 = 0.1308 nats.
    expect(outputDistance(rows(Math.log(3), 0), rows(0, 0))).toBeCloseTo(0.130_812, 5);
    expect(outputDistance(rows(5, 1), rows(5, 1))).toBe(0);
  });

  it('in decibels is 20 for a tenth', () => {
    expect(outputSqnrDb(rows(3, 4), rows(3.3, 4.4))).toBeCloseTo(20, 4);
    expect(outputSqnrDb(rows(3, 4), rows(Number.NaN, 4))).toBeNaN();
  });
});
