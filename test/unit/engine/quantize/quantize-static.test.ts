import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Int8StaticStep, StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import type { QuantizeOutcome } from '../../../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { sourcesOf } from '../../../../main/engine/passes/pass.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';
import { largestDifference, outputsOf, quantizeStep, randomBatches, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const IMAGE = [2, 3, 8, 8];

async function quantize(
  model: Model,
  step: Partial<Int8StaticStep> = {},
  dims: readonly number[] = IMAGE,
): Promise<QuantizeOutcome> {
  const calibration = () => randomBatches(dims, 4);
  return quantizeStatic(model, { step: quantizeStep(step), calibration, runner, vnni: true }, quietContext());
}

function layer(outcome: QuantizeOutcome, name: string): QuantizeOutcome['layers'][number] | undefined {
  return outcome.layers.find((each) => each.name === name);
}

/** Largest difference of the first output, as a share of its largest value. */
async function relativeError(float: Model, quantized: Model, dims: readonly number[] = IMAGE): Promise<number> {
  const feeds = randomFeed(dims, 1);
  const output = float.graph.outputs[0]!.name;
  const [a, b] = [await outputsOf(runner, float, feeds), await outputsOf(runner, quantized, feeds)];
  return largestDifference(a[output]!, b[output]!) / Math.max(...a[output]!.map(Math.abs));
}

const image = (): GraphBuilder => graph().input('x', 'float32', ['N', 3, 8, 8]);

/** Conv, BatchNormalization, Relu, residual Add, Concat, pools, Clip, Gemm: all that a plain CNN has. */
function residualCnn(): Model {
  return image()
    .conv({ name: 'c1', channels: 8 })
    .weights('beta', [8])
    .initializer('gamma', 'float32', [8], new Float32Array(8).fill(1.5))
    .initializer('variance', 'float32', [8], new Float32Array(8).fill(0.5))
    .node('BatchNormalization', ['conv_0', 'gamma', 'beta', 'beta', 'variance'], {}, ['n1'], { name: 'bn1' })
    .relu({ name: 'r1', to: 'skip' })
    .conv({ name: 'c2', channels: 8 })
    .addTo('skip', { name: 'add' })
    .relu({ name: 'r2', to: 'joined' })
    .conv({ name: 'c3', channels: 8, group: 8, to: 'deep' })
    .initializer('low', 'float32', [], [0])
    .initializer('high', 'float32', [], [6])
    .node('Clip', ['deep', 'low', 'high'], {}, ['clipped'], { name: 'relu6' })
    .node('MaxPool', ['joined'], { kernel_shape: [3n, 3n], pads: [1n, 1n, 1n, 1n] }, ['pooled'], { name: 'pool' })
    .node('Concat', ['clipped', 'pooled'], { axis: 1n }, ['both'], { name: 'concat' })
    .globalAveragePool({ name: 'gap' })
    .flatten({ name: 'flat' })
    .gemm({ name: 'fc', inputs: 16, outputs: 5, to: 'y' })
    .output('y', 'float32', ['N', 5])
    .build({ opset: 17 });
}

describe('quantizeStatic', () => {
  it('places the pairs so that the runtime fuses every layer of a CNN', async () => {
    const outcome = await quantize(residualCnn());
    expect(outcome.layers.filter(({ fused }) => fused !== true)).toEqual([]);
    expect(outcome.layers.map(({ name }) => name)).toEqual(residualCnn().graph.nodes.map(({ name }) => name));
    expect(outcome.fusedShare).toBe(1);
    expect(await relativeError(residualCnn(), outcome.model)).toBeLessThan(0.05);
  });

  it('gives single layers another precision', async () => {
    const outcome = await quantize(residualCnn(), {
      layers: { c2: 'float', c3: 'int8-7bit', c1: 'int8' },
      reduceRange: false,
    });
    const { graph: written } = outcome.model;
    const codesOf = (name: string): Int8Array =>
      tensorValues(written.initializers.find((tensor) => tensor.name === name)!) as Int8Array;
    const weights = written.initializers.filter(({ dtype, dims }) => dtype === 'int8' && dims.length === 4);
    const largest = weights.map(({ name }) => codesOf(name).reduce((most, code) => Math.max(most, Math.abs(code)), 0));
    // Of c1 and c3; c2 is float.
    expect(largest.toSorted((a, b) => a - b)).toEqual([64, 127]);
    expect(outcome.layers.find(({ name }) => name === 'c2')).toMatchObject({
      quantized: false,
      reason: 'left out by the recipe',
    });
  });

  it('takes ranges that are given, also for what only moves values, and says where they have no effect', async () => {
    const model = residualCnn();
    // The pool moves what the second Relu gives: one range for both.
    const outcome = await quantize(model, { ranges: { skip: [0, 51], pooled: [0, 102], nowhere: [0, 1] } });
    const scaleOf = (value: string): number => {
      const { nodes, initializers } = outcome.model.graph;
      const dequantize = nodes.find(({ outputs }) => outputs[0] === value)!;
      return Number(tensorValues(initializers.find(({ name }) => name === dequantize.inputs[1])!)[0]);
    };
    // 51 / 255 and 102 / 255.
    expect(scaleOf('skip')).toBeCloseTo(0.2, 6);
    expect(scaleOf('joined')).toBeCloseTo(0.4, 6);
    expect(outcome.notes.filter((note) => note.startsWith('Given ranges'))).toEqual([
      "Given ranges have no effect where no integer layer takes or gives the tensor: 'nowhere'.",
    ]);
    expect(() => quantizeStep({ ranges: { skip: [1, 1] } })).toThrow(/least, greatest/);
  });

  it('holds images in two codes, whose error is a sixteenth, and fuses the layer that reads both', async () => {
    const single = image()
      .conv({ name: 'c', channels: 8, to: 'y' })
      .output('y', 'float32', ['N', 8, 8, 8])
      .build({ opset: 17 });
    const errors: number[] = [];
    for (const splitInputs of [false, true]) {
      const outcome = await quantize(single, { splitInputs, reduceRange: false });
      expect(outcome.fusedShare).toBe(1);
      errors.push(await relativeError(single, outcome.model));
    }
    // What is left is the rounding of weights and of the output.
    expect(errors[1]!).toBeLessThan(errors[0]! * 0.9);
    const whole = await quantize(residualCnn(), { splitInputs: true });
    expect(whole.fusedShare).toBe(1);
    expect(await relativeError(residualCnn(), whole.model)).toBeLessThan(0.05);
  });

  it('writes integer operators themselves, which give what the pairs give', async () => {
    const pairs = await quantize(residualCnn());
    const outcome = await quantize(residualCnn(), { format: 'qoperator' });
    const operators = outcome.model.graph.nodes.map(({ opType }) => opType);
    expect(operators).toContain('QLinearConv');
    expect(operators).not.toContain('Conv');
    const feeds = randomFeed(IMAGE);
    const [a, b] = [await outputsOf(runner, pairs.model, feeds), await outputsOf(runner, outcome.model, feeds)];
    expect(largestDifference(a['y']!, b['y']!)).toBe(0);
    const conv = outcome.model.graph.nodes.find(({ opType }) => opType === 'QLinearConv')!;
    expect(sourcesOf(outcome.sources, conv.name)).toContain('c1');
  });

  it('writes 16-bit activations, which the runtime computes in float, and says so', async () => {
    const step = quantizeStepSchema.parse({ scheme: 'int16-static', samples: 4 }) as StaticStep;
    const input = { step, calibration: () => randomBatches(IMAGE, 4), runner, vnni: true };
    const outcome = await quantizeStatic(residualCnn(), input, quietContext());
    // What only moves codes runs on them.
    expect(outcome.fusedShare).toBeLessThan(0.1);
    expect(outcome.notes.join(' ')).toContain('no integer kernels for 16-bit activations');
    expect(await relativeError(residualCnn(), outcome.model)).toBeLessThan(0.01);
  });

  it.each([
    ['u8u8', false],
    ['s8s8', false],
    ['s8s8', true],
    ['u8s8', true],
  ] as const)('writes the codes of %s (symmetric activations: %s)', async (types, symmetric) => {
    const outcome = await quantize(residualCnn(), { types, symmetric });
    // The runtime fuses int8 activations on x86 only where it can make them uint8: what has one reader.
    if (types !== 's8s8') expect(outcome.fusedShare).toBe(1);
    expect(await relativeError(residualCnn(), outcome.model)).toBeLessThan(0.06);
    const dtypes = [...outcome.model.graph.initializers.values()].map(({ dtype }) => dtype);
    expect(dtypes.includes('uint8')).toBe(types !== 's8s8');
    expect(dtypes.includes('int8')).toBe(types !== 'u8u8');
  });

  it('fuses with 7-bit weights and with one scale for each tensor as well', async () => {
    for (const step of [{ reduceRange: true }, { perChannel: false }]) {
      const outcome = await quantize(residualCnn(), step);
      expect(outcome.fusedShare).toBe(1);
      expect(await relativeError(residualCnn(), outcome.model)).toBeLessThan(0.1);
    }
  });

  it('gives the same bytes twice and leaves the model as it was', async () => {
    const model = residualCnn();
    const before = structuredClone(model);
    const [first, second] = [await quantize(model), await quantize(model)];
    expect(Buffer.compare(encodeModelBytes(first.model), encodeModelBytes(second.model))).toBe(0);
    expect(model).toEqual(before);
  });

  it("resolves reduceRange 'auto' by the CPU: on without VNNI and where that cannot be told", async () => {
    const model = graph().input('x', 'float32', [1, 4]).gemm({ name: 'g', inputs: 4, outputs: 2 }).output().build();
    for (const [vnni, resolved] of [
      [true, false],
      [false, true],
      [null, true],
    ] as const) {
      const input = {
        step: quantizeStep({ reduceRange: 'auto' }),
        calibration: () => randomBatches([1, 4], 1),
        runner,
        vnni,
      };
      expect((await quantizeStatic(model, input, quietContext())).step.reduceRange).toBe(resolved);
    }
  });

  it('keeps an excluded layer in float, though the runtime would quantize its weights between two pairs', async () => {
    // The first channel is silent but has a huge weight: with one int8 scale for both, 0.1 would become 0.
    const model = image()
      .conv({ name: 'first', channels: 2, kernel: 1, weight: [0, 0, 0, 1, 1, 1], bias: false })
      .conv({ name: 'middle', channels: 2, kernel: 1, group: 2, weight: [100, 0.1], bias: false })
      .conv({ name: 'last', channels: 1, kernel: 1, weight: [1, 1], bias: false })
      .output()
      .build();
    const outcome = await quantize(model, { exclude: ['middle'] });
    expect(layer(outcome, 'middle')).toMatchObject({ quantized: false, reason: 'left out by the recipe' });
    expect(await relativeError(model, outcome.model)).toBeLessThan(0.05);
  });

  it('fuses attention: products of two activations, Softmax and transposes', async () => {
    const model = graph()
      .input('x', 'float32', [1, 6, 8])
      .matmul({ name: 'q', inputs: 8, outputs: 8, to: 'qv' })
      .matmul({ name: 'k', inputs: 8, outputs: 8, from: 'x', to: 'kv' })
      .matmul({ name: 'v', inputs: 8, outputs: 8, from: 'x', to: 'vv' })
      .node('Transpose', ['kv'], { perm: [0n, 2n, 1n] }, ['kt'], { name: 'turn' })
      .node('MatMul', ['qv', 'kt'], {}, ['scores'], { name: 'scores' })
      .softmax({ name: 'soft', to: 'weights' })
      .node('MatMul', ['weights', 'vv'], {}, ['mixed'], { name: 'mix' })
      .matmul({ name: 'out', inputs: 8, outputs: 8, to: 'y' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, {}, [1, 6, 8]);
    expect(outcome.layers.filter(({ fused }) => fused !== true)).toEqual([]);
    expect(await relativeError(model, outcome.model, [1, 6, 8])).toBeLessThan(0.1);
  });

  it('leaves a Softmax in float whose input is masked with a huge negative number', async () => {
    const mask = Array.from({ length: 6 }, (_, i) => (i < 3 ? 0 : -10000));
    const model = graph()
      .input('x', 'float32', [1, 6])
      .matmul({ name: 'm', inputs: 6, outputs: 6 })
      .initializer('mask', 'float32', [6], mask)
      .addTo('mask', { name: 'masked' })
      .softmax({ name: 'soft' })
      .matmul({ name: 'n', inputs: 6, outputs: 2, to: 'y' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, {}, [1, 6]);
    expect(layer(outcome, 'masked')?.reason).toContain('a mask, too wide for 8 bits');
    expect(layer(outcome, 'm')?.quantized).toBe(true);
    expect(await relativeError(model, outcome.model, [1, 6])).toBeLessThan(0.05);
  });

  it('folds alpha and beta of a Gemm, and fits a bias that is huge against its weights', async () => {
    const model = graph()
      .input('x', 'float32', [2, 4])
      .initializer(
        'w',
        'float32',
        [4, 3],
        Float32Array.from({ length: 12 }, (_, i) => 1e-9 * Math.cos(i)),
      )
      .initializer('b', 'float32', [3], [100, -50, 25])
      .node('Gemm', ['x', 'w', 'b'], { alpha: 3, beta: 0.5 }, ['y'], { name: 'g' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, {}, [2, 4]);
    expect(layer(outcome, 'g')?.fused).toBe(true);
    expect(await relativeError(model, outcome.model, [2, 4])).toBeLessThan(1e-5);
  });

  it('stores weights once that two layers share', async () => {
    const model = graph()
      .input('x', 'float32', [2, 4])
      .weights('w', [4, 4])
      .node('MatMul', ['x', 'w'], {}, ['a'], { name: 'first' })
      .node('MatMul', ['a', 'w'], {}, ['y'], { name: 'second' })
      .output('y')
      .build({ opset: 17 });
    const { model: quantized } = await quantize(model, {}, [2, 4]);
    expect(
      quantized.graph.initializers.filter(({ dtype, dims }) => dtype === 'int8' && dims.length === 2),
    ).toHaveLength(1);
    expect(quantized.graph.initializers.some(({ name }) => name === 'w')).toBe(false);
  });

  it('takes weights out of Constant nodes and drops these', async () => {
    const value = graph().weights('w', [4, 4]).buildGraph().initializers[0]!;
    const model = graph()
      .input('x', 'float32', [2, 4])
      .node('Constant', [], { value }, ['w'], { name: 'constant' })
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'm' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, {}, [2, 4]);
    expect(layer(outcome, 'm')?.fused).toBe(true);
    expect(outcome.model.graph.nodes.map(({ opType }) => opType)).not.toContain('Constant');
  });

  it('gives unnamed nodes the names of their layers', async () => {
    const model = graph()
      .input('x', 'float32', [2, 4])
      .weights('w', [4, 4])
      .node('MatMul', ['x', 'w'], {}, ['a'])
      .node('Tanh', ['a'], {}, ['y'])
      .output('y')
      .build({ opset: 17 });
    const { model: quantized } = await quantize(model, {}, [2, 4]);
    const names = quantized.graph.nodes.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['MatMul_0', 'Tanh_1']));
  });

  it('upgrades old opsets and runs Shape on the codes', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 8, 8])
      .conv({ name: 'c', channels: 4, to: 'c_out' })
      .node('Clip', ['c_out'], { min: 0, max: 6 }, ['clipped'], { name: 'relu6' })
      .node('Shape', ['clipped'], {}, ['size'], { name: 'shape' })
      .node('Reshape', ['clipped', 'size'], {}, ['same'], { name: 'reshape' })
      .conv({ name: 'd', channels: 2, to: 'y' })
      .output('y')
      .build({ opset: 9, irVersion: 4 });
    const outcome = await quantize(model);
    expect(outcome.fusedShare).toBe(1);
    expect(outcome.notes.join(' ')).toContain('opset 9 to 13');
    const shape = outcome.model.graph.nodes.find(({ name }) => name === 'shape');
    expect(shape?.inputs).toEqual(['clipped_quantized']);
    expect(await relativeError(model, outcome.model)).toBeLessThan(0.05);
  });

  it('uses one scale for each tensor where an old opset cannot be upgraded, and says why', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 8, 8])
      .conv({ name: 'c', channels: 4, to: 'c_out' })
      .node('Dropout', ['c_out'], { ratio: 0.5 }, ['kept', 'mask'], { name: 'drop' })
      .node('Not', ['mask'], {}, ['used'], { name: 'not' })
      .conv({ name: 'd', channels: 2, from: 'kept', to: 'y' })
      .output('y')
      .output('used', 'bool')
      .build({ opset: 11, irVersion: 6 });
    const outcome = await quantize(model);
    expect(outcome.model.opsetImports[0]?.version).toBe(11);
    expect(outcome.notes.join(' ')).toMatch(/One scale for each tensor.*'drop'.*mask/);
    expect(layer(outcome, 'd')?.fused).toBe(true);
    expect(await relativeError(model, outcome.model)).toBeLessThan(0.05);
  });

  it('keeps a value right that a subgraph reads', async () => {
    const branch = (name: string, op: string) =>
      graph(name)
        .node(op, ['c_out'], {}, [`${name}_y`])
        .output(`${name}_y`)
        .buildGraph();
    const model = image()
      .initializer('always', 'bool', [], new Uint8Array([1]))
      .conv({ name: 'c', channels: 4, to: 'c_out' })
      .conv({ name: 'd', channels: 4, to: 'd_out' })
      .node('If', ['always'], { then_branch: branch('then', 'Neg'), else_branch: branch('else', 'Abs') }, ['y'], {
        name: 'if',
      })
      .output('d_out')
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model);
    // An integer layer reads it too: else it would stay float.
    expect(layer(outcome, 'c')?.fused).toBe(true);
    expect(await relativeError(model, outcome.model)).toBeLessThan(0.02);
  });

  it('returns a model without anything to quantize as it is, and says so', async () => {
    const model = graph().input('x', 'float32', [2, 4]).node('Tanh', ['x'], {}, ['y']).output('y').build();
    const outcome = await quantize(model, {}, [2, 4]);
    expect(outcome.model).toBe(model);
    expect(outcome.notes[0]).toContain('No layer');
  });

  it('leaves a model alone that is quantized already', async () => {
    const once = await quantize(residualCnn());
    const twice = await quantize(once.model);
    expect(twice.model).toBe(once.model);
    expect(layer(twice, 'c1')?.reason).toBe('already quantized');
  });

  it('refuses weights that are not finite, with the name of the layer', async () => {
    const model = image()
      .conv({ name: 'bad', channels: 1, kernel: 1, weight: [1, NaN, 2] })
      .output()
      .build();
    await expect(quantize(model)).rejects.toMatchObject({
      code: 'QUANTIZE_NOT_FINITE',
      message: expect.stringContaining("'bad'"),
    });
  });

  it('refuses to calibrate on nothing', async () => {
    const input = { step: quantizeStep(), calibration: () => randomBatches(IMAGE, 0), runner, vnni: true };
    await expect(quantizeStatic(residualCnn(), input, quietContext())).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });
});
