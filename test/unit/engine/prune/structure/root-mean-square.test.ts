/** Streams that are normalised by their root mean square: what is cut out of them was zero, and the rest is scaled exactly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { closeChannels } from '../../../../../main/engine/channels/closure.ts';
import type { Model, Node } from '../../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { channelGroups } from '../../../../../main/engine/prune/structure/groups.ts';
import { pruneChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { outputsOf } from '../../quantize/oracle.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { channelStep } from '../../../../support/recipes.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const EPSILON = 0.25;

/** x [1, 2] → a: units 3x₀ and x₁ → root mean square with γ = [2, 5] → b: their sum. */
type Norm = (builder: ReturnType<typeof graph>) => ReturnType<typeof graph>;

function stream(normalise: Norm, { opset = 21 }: { readonly opset?: number } = {}): Model {
  const built = graph()
    .input('x', 'float32', [1, 2])
    .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [3, 0, 0, 1], to: 'h' })
    .initializer('gamma', 'float32', [2], [2, 5]);
  return normalise(built)
    .gemm({ inputs: 2, outputs: 1, name: 'b', bias: false, weight: [1, 1], to: 'y' })
    .output('y')
    .build({ opset, domains: { 'com.microsoft': 1 } });
}

/** As exporters write it. */
const decomposed: Norm = (builder) =>
  builder
    .initializer('two', 'float32', [], [2])
    .initializer('axes', 'int64', [1], [-1n])
    .initializer('epsilon', 'float32', [], [EPSILON])
    .node('Pow', ['h', 'two'], {}, ['squares'])
    .node('ReduceMean', ['squares', 'axes'], { keepdims: 1n }, ['mean'], { name: 'mean' })
    .node('Add', ['mean', 'epsilon'], {}, ['shifted'])
    .node('Sqrt', ['shifted'], {}, ['root'])
    .node('Div', ['h', 'root'], {}, ['normal'])
    .node('Mul', ['normal', 'gamma'], {}, ['n']);

const fused: Norm = (builder) =>
  builder.node('SimplifiedLayerNormalization', ['h', 'gamma'], { axis: -1n, epsilon: EPSILON }, ['n'], {
    name: 'norm',
  });

const standard: Norm = (builder) =>
  builder.node('RMSNormalization', ['h', 'gamma'], { axis: -1n, epsilon: EPSILON }, ['n'], { name: 'norm' });

const skipped: Norm = (builder) =>
  builder.node('SkipSimplifiedLayerNormalization', ['h', 'h', 'gamma'], { epsilon: EPSILON }, ['n'], {
    name: 'norm',
    domain: 'com.microsoft',
  });

const prune = (model: Model) =>
  pruneChannels(
    model,
    channelStep({ align: 1, minimum: 1, target: { macs: 0.5 } }),
    { runner, calibration: () => { throw new Error('no data are asked for'); }, sampleFeeds: () => Promise.resolve(undefined) }, // prettier-ignore
    quietContext(),
  );

const feed = { x: { dtype: 'float32', dims: [1, 2], data: Float32Array.of(0.7, -1.3) } } as const;
const nodeOf = (model: Model, name: string): Node => model.graph.nodes.find((node) => node.name === name)!;

describe('a stream that is normalised by its root mean square', () => {
  it.each([
    ['written out', decomposed, {}, 1],
    ['as one operator', fused, {}, 1],
    ['as the operator of opset 23', standard, { opset: 23 }, 1],
    ['added to another first', skipped, {}, 2],
  ] as const)('%s: the unit that goes counts as zero', async (_, norm, options, times) => {
    const { model, result } = await prune(stream(norm, options));
    expect(result.layers).toMatchObject([{ name: 'a', channels: { before: 2, after: 1 } }]);
    // The first unit stays: h = [3·0.7·times, 0], γ = 2.
    const h = 3 * 0.7 * times;
    const expected = (h * 2) / Math.sqrt(h ** 2 / 2 + EPSILON);
    expect((await outputsOf(runner, model, feed))['y']![0]).toBeCloseTo(expected, 5);
  });

  it('has a mean times one half behind it, or γ·√2 and ε·2 in it', async () => {
    const written = (await prune(stream(decomposed))).model;
    const product = written.graph.nodes.find(({ outputs }) => outputs[0] === 'mean')!;
    const factor = written.graph.initializers.find(({ name }) => name === product.inputs[1])!;
    expect([product.opType, ...(tensorValues(factor) as Float32Array)]).toEqual(['Mul', 0.5]);
    const one = (await prune(stream(fused))).model;
    const norm = nodeOf(one, 'norm');
    expect(norm.attributes.find(({ name }) => name === 'epsilon')).toMatchObject({ type: 'float', value: 2 * EPSILON });
    const gamma = one.graph.initializers.find(({ name }) => name === norm.inputs[1])!;
    expect((tensorValues(gamma) as Float32Array)[0]).toBeCloseTo(2 * Math.SQRT2, 6);
  });

  const reasonOf = (model: Model): string | undefined => {
    const { groups, frozen } = channelGroups(closeChannels(model));
    expect(groups).toEqual([]);
    return frozen.find(({ name }) => name === 'a')?.reason;
  };

  it('stays whole where something is added to what goes', () => {
    const shifted: Norm = (builder) =>
      decomposed(builder.initializer('shift', 'float32', [2], [1, 1]).node('Add', ['h', 'shift'], {}, ['g']).from('g'));
    const model = stream(shifted);
    const nodes = model.graph.nodes.map((node) => (node.opType === 'Pow' ? { ...node, inputs: ['g', 'two'] } : node));
    expect(reasonOf({ ...model, graph: { ...model.graph, nodes } })).toMatch(/adds up over it/u);
  });

  it('stays whole behind LayerNormalization, whose mean is taken off what is zero too', () => {
    const layer: Norm = (builder) => builder.node('LayerNormalization', ['h', 'gamma'], { axis: -1n }, ['n']);
    expect(reasonOf(stream(layer))).toMatch(/normalised over it/u);
  });
});

it('cuts what a table of embeddings gives with the stream behind it', async () => {
  const model = graph()
    .input('x', 'int64', [1, 3])
    .initializer('table', 'float32', [4, 2], [9, 1, 8, 1, 7, 1, 6, 1])
    .node('Gather', ['table', 'x'], { axis: 0n }, ['h'], { name: 'embed' })
    .initializer('gamma', 'float32', [2], [1, 1])
    .node('SimplifiedLayerNormalization', ['h', 'gamma'], { epsilon: 0 }, ['n'])
    .initializer('w', 'float32', [2, 5], [1, 2, 3, 4, 5, 0, 0, 0, 0, 1])
    .node('MatMul', ['n', 'w'], {}, ['y'], { name: 'head' })
    .output('y')
    .build();
  const { model: cut, result } = await prune(model);
  expect(result.layers).toMatchObject([{ name: 'embed', channels: { before: 2, after: 1 } }]);
  expect(cut.graph.initializers.find(({ name }) => name === 'table')!.dims).toEqual([4, 1]);
  const ids = { x: { dtype: 'int64', dims: [1, 3], data: BigInt64Array.of(0n, 2n, 3n) } } as const;
  const { y } = await outputsOf(runner, cut, ids);
  // h/√(h²/2) = √2, whatever the table holds.
  expect([...y!].slice(0, 5).map((value) => Number((value / Math.SQRT2).toFixed(5)))).toEqual([1, 2, 3, 4, 5]);
});
