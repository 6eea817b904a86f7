import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeValueInfo } from '../../../../main/engine/graph/make.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import { checkFusion } from '../../../../main/engine/quantize/check-fusion.ts';
import { buildAccumulatedModel } from '../../../../main/engine/quantize/error-model.ts';
import { errorTable, type ErrorTable } from '../../../../main/engine/quantize/error-table.ts';
import { knowledgeOf } from '../../../../main/engine/passes/upgrade-opset.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import { cosineOf, sqnrDb } from '../../../../main/judge/signal-error.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeWeights } from './weight-only/weight-step.ts';
import { operatorsRun, outputsOf, quantizeStep, randomBatches, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 6, 6];

const cnn = (opset = 17): Model =>
  graph()
    .input('x', 'float32', ['N', 3, 6, 6])
    .conv({ name: 'c1', channels: 4, to: 'c1_out' })
    .relu({ name: 'r1', to: 'r1_out' })
    .conv({ name: 'c2', channels: 4, to: 'c2_out' })
    .node('Tanh', ['c2_out'], {}, ['t_out'], { name: 't' })
    .globalAveragePool({ name: 'gap', to: 'gap_out' })
    .flatten({ name: 'flat', to: 'flat_out' })
    .gemm({ name: 'fc', inputs: 4, outputs: 3, to: 'y' })
    .output('y', 'float32', ['N', 3])
    .build({ opset });

/** Conv, BatchNormalization, Relu, Conv. */
const withBatchNorm = (): Model =>
  graph()
    .input('x', 'float32', ['N', 3, 6, 6])
    .conv({ name: 'c', channels: 4, to: 'c_out' })
    .weights('shift', [4])
    .initializer('ones', 'float32', [4], new Float32Array(4).fill(1))
    .node('BatchNormalization', ['c_out', 'ones', 'shift', 'shift', 'ones'], {}, ['n_out'], { name: 'bn' })
    .relu({ name: 'r', to: 'r_out' })
    .conv({ name: 'd', channels: 2, to: 'y' })
    .output('y')
    .build({ opset: 17 });

async function quantized(model: Model): Promise<Model> {
  const input = { step: quantizeStep(), calibration: () => randomBatches(DIMS, 4), runner, vnni: true };
  return (await quantizeStatic(model, input, quietContext())).model;
}

async function table(model: Model, other: Model, batches = 3): Promise<ErrorTable> {
  return errorTable(model, other, () => randomBatches(DIMS, batches), runner, { limit: 6 }, quietContext());
}

/** One batch of those that `randomBatches` gives. */
async function* only(seed: number): AsyncIterable<ReturnType<typeof randomFeed>> {
  yield randomFeed(DIMS, seed);
}

/** The model with these values as its only outputs. */
function tapped(model: Model, values: readonly string[]): Model {
  return {
    ...model,
    graph: { ...model.graph, outputs: values.map((value) => makeValueInfo(value, 'float32', undefined)) },
  };
}

/** Sums over the batches of all elements, or of one channel (axis 1 of [2, channels, …]), computed here. */
async function sumsOf(a: Model, b: Model, tensor: string, channel?: readonly [at: number, of: number]) {
  const sums = { reference: 0, difference: 0, approximation: 0, count: 0 };
  for (let seed = 1; seed <= 3; seed++) {
    const feeds = randomFeed(DIMS, seed);
    const x = (await outputsOf(runner, tapped(a, [tensor]), feeds))[tensor]!;
    const y = (await outputsOf(runner, tapped(b, [tensor]), feeds))[tensor]!;
    const inner = channel === undefined ? 0 : x.length / 2 / channel[1];
    for (let i = 0; i < x.length; i++) {
      if (channel !== undefined && Math.floor(i / inner) % channel[1] !== channel[0]) continue;
      sums.reference += x[i]! ** 2;
      sums.approximation += y[i]! ** 2;
      sums.difference += (x[i]! - y[i]!) ** 2;
      sums.count++;
    }
  }
  return sums;
}

describe('errorTable', () => {
  it('agrees with sums computed here, for whole tensors and for channels', async () => {
    const model = cnn();
    const other = await quantized(model);
    const { layers, samples } = await table(model, other);
    expect(samples).toBe(6);
    for (const [name, tensor] of [
      ['c1', 'r1_out'],
      ['c2', 'c2_out'],
      ['fc', 'y'],
    ] as const) {
      const row = layers.find((each) => each.name === name);
      const sums = await sumsOf(model, other, tensor);
      expect(row?.tensor).toBe(tensor);
      // Sums of squares in float32 on one side: 0.01 dB.
      expect(row!.sqnrDb).toBeCloseTo(sqnrDb(sums), 2);
      expect(row!.cosine).toBeCloseTo(cosineOf(sums), 5);
      expect(row!.mse / (sums.difference / sums.count)).toBeCloseTo(1, 3);
    }
    const channel = await sumsOf(model, other, 'c2_out', [2, 4]);
    const c2 = layers.find(({ name }) => name === 'c2');
    expect(c2?.channels).toHaveLength(4);
    expect(c2!.channels[2]).toBeCloseTo(sqnrDb(channel), 2);
  });

  it('gives the local error of a layer: that of a model in which it alone is quantized', async () => {
    const model = cnn();
    const { layers } = await table(model, await quantized(model));
    const input = {
      step: quantizeStep({ exclude: ['c1', 'gap', 'fc'] }),
      calibration: () => randomBatches(DIMS, 4),
      runner,
      vnni: true,
    };
    const alone = (await quantizeStatic(model, input, quietContext())).model;
    const sums = await sumsOf(model, alone, 'c2_out');
    // Integer kernels may round a code the other way than the float clone: 0.3 dB.
    expect(Math.abs(layers.find(({ name }) => name === 'c2')!.localSqnrDb! - sqnrDb(sums))).toBeLessThan(0.3);
  });

  it('tells what of a local error comes of weights and what of activations', async () => {
    const model = cnn();
    const { layers, samplesAlone } = await table(model, await quantized(model));
    expect(samplesAlone).toBe(6);
    const c2 = layers.find(({ name }) => name === 'c2')!;
    const power = (db: number): number => 10 ** (-db / 10);
    // Two independent errors: their powers add up, within half a decibel on 864 elements.
    const sum = power(c2.weightSqnrDb!) + power(c2.activationSqnrDb!);
    expect(Math.abs(-10 * Math.log10(sum) - c2.localSqnrDb!)).toBeLessThan(0.5);
    expect(layers.find(({ name }) => name === 'gap')).toMatchObject({ weightSqnrDb: null, activationSqnrDb: null });
    expect(layers.find(({ name }) => name === 't')).toMatchObject({ localSqnrDb: null, weightSqnrDb: null });
  });

  it('of weights that are exact in seven bits sees no error in the weights', async () => {
    const exact = graph()
      .input('x', 'float32', ['N', 3, 6, 6])
      .initializer('w', 'float32', [3, 3, 1, 1], Float32Array.from([64, -32, 3, 1, 64, -64, 64, 5, 9]))
      .node('Conv', ['x', 'w'], {}, ['h'], { name: 'c' })
      .relu({ name: 'r', to: 'h2' })
      .conv({ name: 'd', channels: 2, to: 'y' })
      .output('y')
      .build({ opset: 17 });
    const { layers } = await table(exact, await quantized(exact));
    const [c] = layers;
    expect(c!.weightSqnrDb!).toBeGreaterThan(120);
    // Nothing but activations is off.
    expect(c!.activationSqnrDb!).toBeCloseTo(c!.localSqnrDb!, 1);
  });

  it('tells the runs apart: each is what a table of its samples alone says', async () => {
    const model = cnn();
    const other = await quantized(model);
    const { layers, perRun } = await table(model, other);
    expect(perRun).toBe(2);
    const second = await errorTable(model, other, () => only(2), runner, { limit: 2 }, quietContext());
    layers.forEach((layer, at) => {
      expect(layer.runs).toHaveLength(3);
      expect(layer.runs[1]).toBeCloseTo(second.layers[at]!.sqnrDb, 6);
    });
  });

  it('lists layers in the order of the float model; float ones without a local error', async () => {
    const model = cnn();
    const { layers } = await table(model, await quantized(model));
    expect(layers.map(({ name }) => name)).toEqual(['c1', 'c2', 't', 'gap', 'flat', 'fc']);
    expect(layers.map(({ localSqnrDb }) => localSqnrDb === null)).toEqual([false, false, true, true, true, false]);
  });

  it('of a model against itself shows no error', async () => {
    const { layers, notes } = await table(cnn(), cnn());
    expect(Math.min(...layers.map(({ sqnrDb: db }) => db))).toBeGreaterThan(250);
    expect(layers.every(({ mse, cosine }) => mse === 0 && cosine > 0.999999)).toBe(true);
    expect(notes).toEqual(['No layer of the quantized model could be run by itself on the float model’s values.']);
  });

  it.each(['nbits', 'qdq'])('runs layers whose weights alone are codes by themselves (%s)', async (format) => {
    const model = graph()
      .input('x', 'float32', ['N', 32])
      .weights('w1', [32, 48])
      .node('MatMul', ['x', 'w1'], {}, ['h1'], { name: 'first' })
      .node('Tanh', ['h1'], {}, ['t'], { name: 'tanh' })
      .weights('w2', [48, 16])
      .weights('b2', [16])
      .node('Gemm', ['t', 'w2', 'b2'], {}, ['y'], { name: 'second' })
      .output('y')
      .build({ opset: 21 });
    const { model: coded } = await quantizeWeights(model, { format, block: 16 }, runner);
    const batches = () => randomBatches([2, 32], 2);
    const { layers, notes } = await errorTable(model, coded, batches, runner, { limit: 4 }, quietContext());
    const [first, tanh, second] = layers;
    expect(notes).toEqual([]);
    // Its input is the float one in both: the same error, all of it of its weights. 4 bits: some 20 dB.
    expect(first!.localSqnrDb).toBeCloseTo(first!.sqnrDb, 6);
    expect(first!.sqnrDb).toBeGreaterThan(15);
    expect(first!.sqnrDb).toBeLessThan(30);
    expect(layers.map((layer) => layer.weightSqnrDb === layer.localSqnrDb)).toEqual([true, true, true]);
    expect(layers.every(({ activationSqnrDb }) => activationSqnrDb === null)).toBe(true);
    expect(tanh!.localSqnrDb).toBeNull();
    // By itself it loses less than behind the first.
    expect(second!.localSqnrDb!).toBeGreaterThan(second!.sqnrDb);
  });

  it('works where axes are attributes and where they are an input', async () => {
    for (const opset of [13, 18, 21]) {
      const model = cnn(opset);
      expect((await table(model, await quantized(model))).layers).toHaveLength(6);
    }
  });

  it('compares models whose float half is older than the quantized one', async () => {
    const old = graph()
      .input('x', 'float32', [2, 3, 6, 6])
      .conv({ name: 'c', channels: 4, to: 'y' })
      .output('y')
      .build({ opset: 11, irVersion: 6 });
    const { layers } = await table(old, await quantized(old));
    expect(layers.map(({ name, localSqnrDb }) => [name, localSqnrDb! > 20])).toEqual([['c', true]]);
  });

  it('does not keep the quantized half from fusing, nor taps what was folded or absorbed', async () => {
    const model = withBatchNorm();
    const other = await quantized(model);
    const merged = buildAccumulatedModel(model, other, knowledgeOf(model)).model;
    const alone = await checkFusion(other, runner, quietContext());
    const together = await checkFusion(merged, runner, quietContext());
    expect([...alone.values()].every(Boolean)).toBe(true);
    for (const layer of alone.keys()) expect([layer, together.get(`second/${layer}`)]).toEqual([layer, true]);
    const { layers } = await table(model, other);
    expect(layers.map(({ name, tensor }) => [name, tensor])).toEqual([
      ['c', 'r_out'],
      ['d', 'y'],
    ]);
  });

  it('refuses models that have no layer in common', async () => {
    const other = graph()
      .input('x', 'float32', ['N', 3, 6, 6])
      .conv({ name: 'else', channels: 2, to: 'z' })
      .output('z')
      .build({ opset: 17 });
    await expect(table(cnn(), other)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('refuses a model whose layers have the same names but other shapes', async () => {
    const conv = (channels: number): Model =>
      graph().input('x', 'float32', DIMS).conv({ name: 'c1', channels, to: 'z' }).output('z').build({ opset: 17 });
    await expect(table(conv(4), conv(2))).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('refuses models of different opsets with both named', async () => {
    await expect(table(cnn(17), cnn(18))).rejects.toThrow(/opset 17, the other 18/);
  });
});

describe('signal errors', () => {
  it('are 20 dB at a tenth, and large but finite without any difference', () => {
    expect(sqnrDb({ reference: 100, difference: 1 })).toBeCloseTo(20);
    expect(sqnrDb({ reference: 1, difference: 0 })).toBeGreaterThan(300);
    expect(sqnrDb({ reference: 0, difference: 0 })).toBeGreaterThan(300);
    expect(sqnrDb({ reference: 0, difference: 1 })).toBeLessThan(-300);
  });

  it('have cosine 1 for silence against silence, 0 for silence against anything, −1 for the opposite', () => {
    expect(cosineOf({ reference: 0, approximation: 0, difference: 0 })).toBe(1);
    expect(cosineOf({ reference: 0, approximation: 2, difference: 2 })).toBe(0);
    expect(cosineOf({ reference: 1, approximation: 1, difference: 4 })).toBe(-1);
  });
});

it('the merged graph leaves the two models alone', async () => {
  const model = cnn();
  const other = await quantized(model);
  const before = structuredClone([model, other]);
  const merged = buildAccumulatedModel(model, other, knowledgeOf(model)).model;
  expect([model, other]).toEqual(before);
  expect(indexGraph(merged.graph).nodeByName('second/c1')?.opType).toBe('Conv');
});

it('has the runtime sum a layer up before it computes those two later, so that it need not hold all of both models', async () => {
  const deep = graph().input('x', 'float32', ['N', 3, 6, 6]);
  for (let layer = 0; layer < 6; layer++) deep.conv({ name: `c${layer}`, inputs: layer === 0 ? 3 : 4, channels: 4 });
  const model = deep.output().build();
  const ran = await operatorsRun(
    runner,
    buildAccumulatedModel(model, model, knowledgeOf(model)).model,
    randomFeed(DIMS),
  );
  const computed = ran.flatMap((op, at) => (op === 'Conv' ? [at] : []));
  // One for each layer: of the second model's values.
  const summed = ran.flatMap((op, at) => (op === 'ReduceSumSquare' ? [at] : []));
  expect([computed.length, summed.length]).toEqual([12, 6]);
  const before = [0, 1, 2, 3].map((layer) => summed.filter((at) => at < computed[2 * (layer + 2)]!).length);
  expect(before.map((count, layer) => count > layer)).toEqual([true, true, true, true]);
});
