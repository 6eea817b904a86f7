import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { subgraphsOf } from '../../../../main/engine/graph/walk.ts';
import { foldConstants, type FoldOptions } from '../../../../main/engine/passes/fold-constants.ts';
import type { PassContext, PassResult } from '../../../../main/engine/passes/pass.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual, passContext } from './expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const fold = (model: Model, options?: FoldOptions): Promise<PassResult> =>
  foldConstants(model, passContext(runner), options);
const operators = ({ model }: PassResult): readonly string[] => model.graph.nodes.map(({ opType }) => opType);
const stored = ({ model }: PassResult, name: string): number[] =>
  Array.from(tensorValues(indexGraph(model.graph).initializer(name)!), Number);

/** A context that has no runtime: what asks for one fails. */
const withoutRuntime: PassContext = {
  runners: { use: () => Promise.reject(new Error('no runner was expected')) },
  signal: new AbortController().signal,
};

describe('foldConstants', () => {
  it('computes weight_norm, and says that the Conv stands for it', async () => {
    // g·v/‖v‖ of one output channel: v = [3, 4], g = 10, so w = [6, 8].
    const model = graph()
      .input('x', 'float32', ['N', 2, 4, 4])
      .initializer('v', 'float32', [1, 2, 1, 1], [3, 4])
      .initializer('g', 'float32', [1, 1, 1, 1], [10])
      .node('ReduceL2', ['v'], { axes: [1n, 2n, 3n] }, ['norm'], { name: 'norm' })
      .node('Div', ['v', 'norm'], {}, ['unit'], { name: 'div' })
      .node('Mul', ['unit', 'g'], {}, ['w'], { name: 'mul' })
      .node('Conv', ['x', 'w'], {}, ['y'], { name: 'conv' })
      .output('y')
      .build({ opset: 17 });
    const result = await fold(model);
    expect(operators(result)).toEqual(['Conv']);
    expect(result.model.graph.initializers.map(({ name }) => name)).toEqual(['w']);
    for (const [at, value] of [6, 8].entries()) expect(stored(result, 'w')[at]).toBeCloseTo(value, 5);
    expect([...result.sources]).toEqual([['conv', ['conv', 'mul', 'div', 'norm']]]);
    expect(result.notes).toEqual(['3 operators on constants computed beforehand.']);
    await expectEqual(runner, model, result.model);
  });

  it('makes no value twice where a node stays for another of its outputs', async () => {
    // What texts take is not known beforehand, so that their parts stay computed; their counts, 2 and 1, could be stored.
    const model = graph()
      .input('x', 'int64', [2])
      .tensor(makeTensor('texts', 'string', [2], ['a b', 'c']))
      .node('StringSplit', ['texts'], {}, ['parts', 'counts'])
      .node('Add', ['x', 'counts'], {}, ['y'])
      .node('Identity', ['parts'], {}, ['said'])
      .output('y', 'int64')
      .output('said', 'string')
      .build({ opset: 20 });
    const result = await fold(model);
    expect(operators(result)).toEqual(['StringSplit', 'Add', 'Identity']);
    await expectEqual(runner, model, result.model);
  });

  it('folds Cast, CastLike to a known type, Transpose and Expand', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('wide', 'float64', [2, 3], Float64Array.of(1, 2, 3, 4, 5, 6))
      .initializer('one', 'float64', [], Float64Array.of(1))
      .initializer('size', 'int64', [1], [3n])
      .node('Cast', ['wide'], { to: 1n }, ['w'], { name: 'cast' })
      .node('MatMul', ['x', 'w'], {}, ['product'], { name: 'matmul' })
      // The type of the product, which is no constant, is known.
      .node('CastLike', ['one', 'product'], {}, ['typed'], { name: 'like' })
      .node('Expand', ['typed', 'size'], {}, ['bias'], { name: 'expand' })
      .node('Add', ['product', 'bias'], {}, ['y'], { name: 'add' })
      .output('y')
      .build({ opset: 17 });
    const result = await fold(model);
    expect(operators(result)).toEqual(['MatMul', 'Add']);
    expect(stored(result, 'bias')).toEqual([1, 1, 1]);
    expect(result.sources.get('add')).toEqual(['add', 'expand', 'like']);
    await expectEqual(runner, model, result.model);
  });

  it('keeps int64 constants to the last bit', async () => {
    const model = graph()
      .input('x', 'float32', [4])
      .initializer('end', 'int64', [1], [2n ** 63n - 1n])
      .initializer('start', 'int64', [1], [1n])
      .node('Identity', ['end'], {}, ['same'])
      .node('Abs', ['same'], {}, ['last'], { name: 'abs' })
      .node('Slice', ['x', 'start', 'last'], {}, ['y'], { name: 'slice' })
      .output('y')
      .build({ opset: 17 });
    const result = await fold(model);
    expect(operators(result)).toEqual(['Slice']);
    expect(tensorValues(indexGraph(result.model.graph).initializer('last')!)).toEqual(BigInt64Array.of(2n ** 63n - 1n));
    await expectEqual(runner, model, result.model);
  });

  it('asks for no runtime where nothing is to be folded', async () => {
    const constant = graph()
      .input('x', 'float32', ['N', 2])
      .node('Constant', [], { value_floats: [1, 2] }, ['c'])
      .node('Identity', ['c'], {}, ['same'])
      .node('Add', ['x', 'same'], {}, ['y'], { name: 'add' })
      .output('y')
      .build();
    const result = await foldConstants(constant, withoutRuntime);
    expect(result.model).toBe(constant);
  });

  it('leaves random numbers, quantized weights and outputs of the model as they are', async () => {
    const model = graph()
      .input('x', 'float32', [2])
      .initializer('codes', 'int8', [2], [1, 2])
      .initializer('scale', 'float32', [], [0.5])
      .node('DequantizeLinear', ['codes', 'scale'], {}, ['w'])
      .node('RandomNormal', [], { shape: [2n] }, ['noise'])
      .node('Abs', ['noise'], {}, ['positive'])
      .node('Add', ['w', 'positive'], {}, ['sum'])
      .node('Add', ['x', 'sum'], {}, ['y'])
      .node('Neg', ['scale'], {}, ['told'])
      .output('y')
      .output('told')
      .build();
    expect((await foldConstants(model, withoutRuntime)).model).toBe(model);
  });

  it('leaves what would grow beyond the limit, and what is only moved when asked to', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 3])
      .weights('w', [2, 3])
      .node('Transpose', ['w'], {}, ['turned'], { name: 'turn' })
      .node('MatMul', ['x', 'turned'], {}, ['y'], { name: 'matmul' })
      .output('y')
      .build();
    expect((await foldConstants(model, withoutRuntime, { maxBytes: 23 })).model).toBe(model);
    expect((await foldConstants(model, withoutRuntime, { keepMoved: true })).model).toBe(model);
    expect(operators(await fold(model, { maxBytes: 24 }))).toEqual(['MatMul']);
  });

  it('leaves the model as it is where the runtime cannot compute the constants, and says so', async () => {
    const model = graph()
      .input('x', 'float32', [2])
      .initializer('data', 'float32', [2], [1, 2])
      .initializer('beyond', 'int64', [2], [0n, 7n])
      .node('GatherElements', ['data', 'beyond'], {}, ['bad'])
      .node('Add', ['x', 'bad'], {}, ['y'])
      .output('y')
      .build();
    const result = await fold(model);
    expect(result.model).toBe(model);
    expect(result.notes).toEqual([expect.stringMatching(/^Constants were not computed beforehand: .*Out of range/)]);
  });

  it('lets branches use what was folded outside of them', async () => {
    const branch = (name: string, op: string) =>
      graph(name)
        .node(op, ['x', 'twice'], {}, [`${name}_y`])
        .output(`${name}_y`, 'float32', [2])
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [2])
      .input('flag', 'bool', [])
      .initializer('c', 'float32', [2], [1, 2])
      .node('Add', ['c', 'c'], {}, ['twice'], { name: 'double' })
      .node('If', ['flag'], { then_branch: branch('then', 'Add'), else_branch: branch('else', 'Sub') }, ['y'])
      .output('y', 'float32', [2])
      .build();
    const result = await fold(model);
    expect(operators(result)).toEqual(['If']);
    expect(stored(result, 'twice')).toEqual([2, 4]);
    await expectEqual(runner, model, result.model);
  });

  it('folds what the branches of an If compute of their own constants, and only that', async () => {
    const branch = (scale: number, name: string) =>
      graph(name)
        .initializer('v', 'float32', [2], [3, 4])
        .initializer('s', 'float32', [], [scale])
        .node('Mul', ['v', 's'], {}, ['w'], { name: `${name}/mul` })
        .node('Mul', ['w', 'k'], {}, ['wk'], { name: `${name}/captured` })
        .node('Add', ['x', 'wk'], {}, ['out'], { name: `${name}/add` })
        .output('out', 'float32', [2])
        .buildGraph();
    const model = graph()
      .input('condition', 'bool', [])
      .input('x', 'float32', [2])
      .initializer('k', 'float32', [], [10])
      .node('If', ['condition'], { then_branch: branch(1, 'a'), else_branch: branch(2, 'b') }, ['y'], { name: 'if' })
      .output('y', 'float32', [2])
      .build({ opset: 17 });
    const result = await fold(model);
    const bodies = subgraphsOf(result.model.graph.nodes[0]!).map((it) => it.graph);
    expect(bodies.map(({ nodes }) => nodes.map(({ name }) => name))).toEqual([
      ['a/captured', 'a/add'],
      ['b/captured', 'b/add'],
    ]);
    const held = bodies.map((body) => [...tensorValues(indexGraph(body).initializer('w')!)]);
    expect(held).toEqual([
      [3, 4],
      [6, 8],
    ]);
    expect(result.sources.get('a/captured')).toEqual(['a/captured', 'a/mul']);
    for (const condition of [1, 0]) {
      await expectEqual(runner, model, result.model, {
        condition: { dtype: 'bool', dims: [], data: Uint8Array.of(condition) },
        x: { dtype: 'float32', dims: [2], data: Float32Array.of(1, 2) },
      });
    }
  });
});
