/** What the layer report says is what the runtime executes: integer kernels that are right, and float where float is said. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import { quantizePlan } from '../../../../main/engine/quantize/quantize-plan.ts';
import type { QuantizeOutcome } from '../../../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { sqnrDb } from '../../../../main/judge/signal-error.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';
import { passContext } from '../passes/expect-equal.ts';
import { executedModel, outputsOf, quantizeStep, randomBatches, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const IMAGE = [2, 3, 8, 8];
const image = (): GraphBuilder => graph().input('x', 'float32', ['N', 3, 8, 8]);

function quantize(
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

/** Of the first output, as the runtime optimises it. */
async function quality(float: Model, quantized: Model, dims: readonly number[] = IMAGE): Promise<number> {
  const output = float.graph.outputs[0]!.name;
  const [x, y] = [
    (await outputsOf(runner, float, randomFeed(dims)))[output]!,
    (await outputsOf(runner, quantized, randomFeed(dims)))[output]!,
  ];
  const power = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return sqnrDb({ reference: power(x), difference: power(x.map((value, at) => value - y[at]!)) });
}

/** The element type that the kernel of this name works on. */
function dtypeOf(executed: Model, name: string): string | undefined {
  const node = indexGraph(executed.graph).nodeByName(name);
  return inferModel(executed).values.get(node?.inputs[0] ?? '')?.dtype;
}

describe('integer kernels', () => {
  /** Pads count, and the last window hangs over the edge: the runtime's integer kernel divides by something else. */
  const wrongPool = (): Model =>
    image()
      .conv({ name: 'c1', channels: 4 })
      .node(
        'AveragePool',
        ['conv_0'],
        { kernel_shape: [3n, 3n], strides: [2n, 2n], ceil_mode: 1n, count_include_pad: 1n },
        ['p'],
        {
          name: 'pool',
        },
      )
      .conv({ name: 'c2', channels: 4, kernel: 1, to: 'y' })
      .output('y')
      .build({ opset: 19 });

  it('that compute something else than the float operator stay float, with the reason', async () => {
    const outcome = await quantize(wrongPool());
    expect(layer(outcome, 'pool')).toMatchObject({
      quantized: false,
      fused: null,
      reason: expect.stringMatching(
        /^its integer kernel gives \d+\.\d dB on calibration data where the operator gives \d+\.\d dB/,
      ),
    });
    expect([layer(outcome, 'c1')?.fused, layer(outcome, 'c2')?.fused]).toEqual([true, true]);
    expect(dtypeOf(await executedModel(runner, outcome.model), 'pool')).toBe('float32');
    // Without the check 10 to 15 dB.
    expect(await quality(wrongPool(), outcome.model)).toBeGreaterThan(30);
  });

  it('stay in integers where they are right, down to the pads that count', async () => {
    const model = image()
      .conv({ name: 'c1', channels: 4 })
      .node('AveragePool', ['conv_0'], { kernel_shape: [2n, 2n], strides: [2n, 2n] }, ['p'], { name: 'pool' })
      .conv({ name: 'c2', channels: 4, kernel: 1, to: 'y' })
      .output('y')
      .build({ opset: 19 });
    expect(layer(await quantize(model), 'pool')?.fused).toBe(true);
  });

  it('that lack an attribute are not asked for', async () => {
    const model = image()
      .conv({ name: 'c1', channels: 4 })
      .node('AveragePool', ['conv_0'], { kernel_shape: [2n, 2n], dilations: [2n, 2n] }, ['p'], { name: 'pool' })
      .conv({ name: 'c2', channels: 4, kernel: 1, to: 'y' })
      .output('y')
      .build({ opset: 19 });
    const outcome = await quantize(model);
    expect(layer(outcome, 'pool')).toMatchObject({
      quantized: false,
      reason: 'the integer AveragePool has no dilations',
    });
    expect(await quality(model, outcome.model)).toBeGreaterThan(30);
  });
});

describe('an excluded layer', () => {
  /** Conv, the operator, Conv: without the exclusion all three run in integers. */
  const between = (opType: string, attributes: Record<string, bigint | readonly bigint[]>, twice = false): Model => {
    const builder = image().conv({ name: 'c1', channels: 4 });
    const operands = twice ? ['conv_0', 'conv_0'] : ['conv_0'];
    return builder
      .node(opType, operands, attributes, ['o'], { name: 'op' })
      .conv({ name: 'c2', channels: 4, kernel: 1, inputs: opType === 'Concat' ? 8 : 4, to: 'y' })
      .output('y')
      .build({ opset: 19 });
  };

  it.each([
    ['AveragePool', { kernel_shape: [2n, 2n] }, false],
    ['GlobalAveragePool', {}, false],
    ['Add', {}, true],
    ['Mul', {}, true],
    ['Concat', { axis: 1n }, true],
    ['Sigmoid', {}, false],
    ['LeakyRelu', {}, false],
    ['Softmax', {}, false],
    ['MaxPool', { kernel_shape: [2n, 2n] }, false],
    ['Transpose', { perm: [0n, 1n, 3n, 2n] }, false],
    ['Relu', {}, false],
  ] as const)('of the operator %s between integer layers runs in float', async (opType, attributes, twice) => {
    const model = between(opType, attributes, twice);
    const free = await quantize(model);
    expect(layer(free, 'op')?.quantized).toBe(true);
    const outcome = await quantize(model, { exclude: ['op'] });
    expect(layer(outcome, 'op')).toMatchObject({ quantized: false, fused: null, reason: 'left out by the recipe' });
    expect([layer(outcome, 'c1')?.fused, layer(outcome, 'c2')?.fused]).toEqual([true, true]);
    const executed = await executedModel(runner, outcome.model);
    expect(executed.graph.nodes.map(({ opType: op }) => op)).toContain(opType);
    expect(dtypeOf(executed, 'op')).toBe('float32');
    expect(await quality(model, outcome.model)).toBeGreaterThan(25);
  });

  it('that multiplies two activations runs in float', async () => {
    const model = graph()
      .input('x', 'float32', [1, 6, 8])
      .matmul({ name: 'q', inputs: 8, outputs: 8, to: 'qv' })
      .matmul({ name: 'k', inputs: 8, outputs: 8, from: 'x', to: 'kv' })
      .node('Transpose', ['kv'], { perm: [0n, 2n, 1n] }, ['kt'], { name: 'turn' })
      .node('MatMul', ['qv', 'kt'], {}, ['scores'], { name: 'op' })
      .matmul({ name: 'out', inputs: 6, outputs: 8, to: 'y' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, { exclude: ['op'] }, [1, 6, 8]);
    const executed = await executedModel(runner, outcome.model);
    expect(indexGraph(executed.graph).producer('scores')?.opType).toBe('FusedMatMul');
    expect(layer(outcome, 'out')?.fused).toBe(true);
  });

  it('with float weights runs in float where scales for each channel cannot be written', async () => {
    // The first channel is silent but has a huge weight: with one int8 scale for both, 0.1 would become 0.
    const model = image()
      .conv({ name: 'first', channels: 2, kernel: 1, weight: [0, 0, 0, 1, 1, 1], bias: false })
      .node('Dropout', ['conv_0'], { ratio: 0.5 }, ['kept', 'mask'], { name: 'drop' })
      .node('Not', ['mask'], {}, ['used'], { name: 'not' })
      .conv({ name: 'middle', channels: 2, kernel: 1, group: 2, weight: [100, 0.1], bias: false, from: 'kept' })
      .conv({ name: 'last', channels: 1, kernel: 1, weight: [1, 1], bias: false, to: 'y' })
      .output('y')
      .output('used', 'bool')
      .build({ opset: 11, irVersion: 6 });
    const outcome = await quantize(model, { exclude: ['middle'] });
    expect(dtypeOf(await executedModel(runner, outcome.model), 'middle')).toBe('float32');
    expect(await quality(model, outcome.model)).toBeGreaterThan(30);
  });
});

describe('a layer that the plan leaves in float', () => {
  it('is told as what it is where the runtime moves codes through it all the same', async () => {
    const model = image()
      .conv({ name: 'c1', channels: 4 })
      .node('MaxPool', ['conv_0'], { kernel_shape: [2n, 2n] }, ['p'], { name: 'pool' })
      .node('Tanh', ['p'], {}, ['y'], { name: 'tanh' })
      .output('y')
      .build({ opset: 19 });
    const outcome = await quantize(model);
    expect(outcome.layers.map(({ name, quantized, fused }) => [name, quantized, fused])).toEqual([
      ['c1', true, true],
      ['pool', true, true],
      ['tanh', false, null],
    ]);
    const executed = indexGraph((await executedModel(runner, outcome.model)).graph);
    expect(executed.producer(executed.nodeByName('pool')!.inputs[0]!)?.opType).toBe('QLinearConv');
    // Left out by the recipe, it must not.
    const left = await quantize(model, { exclude: ['pool'] });
    expect(layer(left, 'pool')).toMatchObject({ quantized: false, reason: 'left out by the recipe' });
    expect(dtypeOf(await executedModel(runner, left.model), 'pool')).toBe('float32');
  });
});

describe('matrix products of symbolic sizes', () => {
  it('are quantized, and run at other sizes than they were calibrated at', async () => {
    const model = graph()
      .input('x', 'float32', ['batch', 'steps', 8])
      .matmul({ name: 'q', inputs: 8, outputs: 8, to: 'qv' })
      .matmul({ name: 'k', inputs: 8, outputs: 8, from: 'x', to: 'kv' })
      .node('Transpose', ['kv'], { perm: [0n, 2n, 1n] }, ['kt'], { name: 'turn' })
      .node('MatMul', ['qv', 'kt'], {}, ['scores'], { name: 'scores' })
      .softmax({ name: 'soft', to: 'weights' })
      .node('MatMul', ['weights', 'qv'], {}, ['mixed'], { name: 'mix' })
      .matmul({ name: 'out', inputs: 8, outputs: 4, to: 'y' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model, {}, [2, 6, 8]);
    expect(outcome.layers.filter(({ op, fused }) => op === 'MatMul' && fused !== true)).toEqual([]);
    expect(await quality(model, outcome.model, [3, 5, 8])).toBeGreaterThan(20);
  });
});

describe('constants, functions and names', () => {
  it('counts weights, biases and limits that are computed of constants', async () => {
    const model = image()
      .weights('v', [4, 3, 3, 3])
      .weights('g', [4, 1, 1, 1])
      .initializer('six', 'float64', [], Float64Array.of(6))
      .initializer('zero', 'float32', [], [0])
      .initializer('size', 'int64', [1], [4n])
      .node('ReduceL2', ['v'], { axes: [1n, 2n, 3n] }, ['norm'], { name: 'norm' })
      .node('Div', ['v', 'norm'], {}, ['unit'], { name: 'div' })
      .node('Mul', ['unit', 'g'], {}, ['w'], { name: 'mul' })
      .node('Expand', ['zero', 'size'], {}, ['b'], { name: 'expand' })
      .node('Conv', ['x', 'w', 'b'], {}, ['c'], { name: 'conv' })
      .node('Cast', ['six'], { to: 1n }, ['limit'], { name: 'cast' })
      .node('Clip', ['c', 'zero', 'limit'], {}, ['y'], { name: 'relu6' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model);
    expect(outcome.layers.filter(({ quantized }) => quantized)).toEqual([
      { name: 'conv', op: 'Conv', quantized: true, fused: true, reason: null },
      { name: 'relu6', op: 'Clip', quantized: true, fused: true, reason: "the output range of 'conv' replaces it" },
    ]);
    expect(layer(outcome, 'mul')).toMatchObject({
      quantized: false,
      reason: "a constant, computed beforehand for 'conv'",
    });
    expect(outcome.sources.get('conv')).toEqual(['conv', 'expand', 'mul', 'div', 'norm']);
    const plan = await quantizePlan(model, passContext(runner));
    expect(plan.layers.filter(({ quantizable }) => quantizable).map(({ name, kernel }) => [name, kernel])).toEqual([
      ['conv', 'conv'],
      ['relu6', null],
    ]);
  });

  const withFunction = (): Model =>
    image()
      .weights('w', [4, 3, 3, 3])
      .weights('v', [4, 4, 3, 3])
      .node('block', ['x', 'w'], {}, ['h'], { name: 'first', domain: 'my.lib' })
      .node('block', ['h', 'v'], {}, ['y'], { name: 'second', domain: 'my.lib' })
      .output('y')
      .build({
        opset: 18,
        domains: { 'my.lib': 1 },
        functions: [
          {
            name: 'block',
            domain: 'my.lib',
            overload: '',
            inputs: ['a', 'w'],
            outputs: ['o'],
            attributeNames: [],
            attributeDefaults: [],
            nodes: [
              makeNode('Conv', ['a', 'w'], ['h'], { name: 'conv' }),
              makeNode('Relu', ['h'], ['o'], { name: 'relu' }),
            ],
            opsetImports: [{ domain: '', version: 18, unknown: [] }],
            valueInfos: [],
            docString: '',
            metadata: [],
            unknown: [],
          },
        ],
      });

  it('quantizes what functions hold, and speaks of the calls', async () => {
    const outcome = await quantize(withFunction());
    expect(outcome.layers).toEqual([
      { name: 'first', op: 'block', quantized: true, fused: true, reason: null },
      { name: 'second', op: 'block', quantized: true, fused: true, reason: null },
    ]);
    expect(await quality(withFunction(), outcome.model)).toBeGreaterThan(30);
    const left = await quantize(withFunction(), { exclude: ['first'] });
    expect(left.layers.map(({ name, quantized, reason }) => [name, quantized, reason])).toEqual([
      ['first', false, 'left out by the recipe'],
      ['second', true, null],
    ]);
  });

  it('says for each inserted node which layer it serves', async () => {
    const outcome = await quantize(withFunction());
    const strangers = outcome.model.graph.nodes.filter(
      ({ name }) => !['first', 'second'].includes(outcome.sources.get(name)?.[0] ?? name),
    );
    expect(strangers).toEqual([]);
  });

  it('tells namesakes apart, and writes a model that loads', async () => {
    const model = image()
      .conv({ name: 'same', channels: 4 })
      .relu({ name: 'r' })
      .weights('w', [4, 4, 1, 1])
      .node('Conv', [`relu_1`, 'w'], {}, ['y'], { name: 'same' })
      .output('y')
      .build({ opset: 17 });
    const outcome = await quantize(model);
    expect(outcome.layers.map(({ name, fused }) => [name, fused])).toEqual([
      ['Conv_0', true],
      ['r', true],
      ['Conv_2', true],
    ]);
    expect(outcome.notes.join(' ')).toContain("2 nodes share their name with others ('same')");
    expect((await executedModel(runner, outcome.model)).graph.nodes.length).toBeGreaterThan(0);
  });
});

describe('old opsets', () => {
  it('leave a model as it is that has no counterpart and no integer kernels, with the reason', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3])
      .node('Dropout', ['x'], { ratio: 0.5 }, ['kept', 'mask'], { name: 'drop' })
      .gemm({ name: 'fc', inputs: 3, outputs: 2, from: 'kept', to: 'y' })
      .output('y')
      .output('mask')
      .build({ opset: 9, irVersion: 4 });
    const outcome = await quantize(model, {}, [2, 3]);
    expect(outcome.model).toBe(model);
    expect(outcome.notes[0]).toMatch(/stays as it was: the model stays in opset 9, .*'drop'.*mask/);
    expect(layer(outcome, 'fc')?.reason).toMatch(/stays in opset 9/);
  });

  it('carry old operators over, and slices to the end', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 8, 8])
      .node('ImageScaler', ['x'], { scale: 0.5, bias: [0.1, 0.2, 0.3] }, ['s'], { name: 'scaler' })
      .conv({ name: 'c', channels: 4, inputs: 3, from: 's', to: 'h' })
      .node('Slice', ['h'], { axes: [2n], starts: [1n], ends: [2n ** 63n - 1n] }, ['part'], { name: 'slice' })
      .conv({ name: 'd', channels: 2, from: 'part', to: 'y' })
      .output('y')
      .build({ opset: 8, irVersion: 3 });
    const outcome = await quantize(model);
    expect(layer(outcome, 'd')?.fused).toBe(true);
    expect(await quality(model, outcome.model)).toBeGreaterThan(30);
  });
});
