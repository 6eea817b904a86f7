import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attribute, FunctionDef, Model, Node, OpsetImport } from '../../../../main/engine/graph/ir.ts';
import { makeAttribute } from '../../../../main/engine/graph/attributes.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import { inlineFunctions } from '../../../../main/engine/passes/inline-functions.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual } from './expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const LOCAL = 'my.lib';
const opset = (domain: string, version: number): OpsetImport => ({ domain, version, unknown: [] });

function define(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly Node[],
  more: Partial<FunctionDef> = {},
): FunctionDef {
  return {
    name,
    domain: LOCAL,
    overload: '',
    inputs,
    outputs,
    attributeNames: [],
    attributeDefaults: [],
    nodes,
    opsetImports: [opset('', 18), opset(LOCAL, 1)],
    valueInfos: [],
    docString: '',
    metadata: [],
    unknown: [],
    ...more,
  };
}

const build = (builder: ReturnType<typeof graph>, functions: readonly FunctionDef[], version = 18): Model =>
  builder.build({ opset: version, functions, domains: { [LOCAL]: 1 } });
const call = (name: string) => ({ name, domain: LOCAL });
const referring = (name: string, to: string, kind: number): Attribute => ({
  name,
  type: 'reference',
  value: to,
  kind,
  docString: '',
  unknown: [],
});
const names = (model: Model): readonly string[] => model.graph.nodes.map(({ name }) => name);

describe('inlineFunctions', () => {
  it('puts the nodes in the place of each call, under names and values of their own', async () => {
    const block = define(
      'block',
      ['a', 'w'],
      ['out'],
      [makeNode('MatMul', ['a', 'w'], ['h'], { name: 'product' }), makeNode('Relu', ['h'], ['out'])],
    );
    const model = build(
      graph()
        .input('x', 'float32', ['N', 3])
        .weights('w', [3, 3])
        .node('block', ['x', 'w'], {}, ['h'], call('first'))
        .node('block', ['h', 'w'], {}, ['y'], call('second'))
        .output('y'),
      [block],
    );
    const result = inlineFunctions(model);
    expect(names(result.model)).toEqual(['first/product', 'first/Relu_1', 'second/product', 'second/Relu_1']);
    expect(result.model.functions).toEqual([]);
    expect(result.sources.get('second/product')).toEqual(['second']);
    expect(result.notes).toEqual(['2 function calls replaced by the nodes of the function.']);
    await expectEqual(runner, model, result.model);
  });

  it('follows nested calls, default and given attributes, and outputs that are inputs', async () => {
    const leaky = define(
      'leaky',
      ['a'],
      ['b'],
      [{ ...makeNode('LeakyRelu', ['a'], ['b']), attributes: [referring('alpha', 'slope', 1)] }],
      {
        attributeDefaults: [makeAttribute('slope', 0.5)],
      },
    );
    const outer = define(
      'outer',
      ['p'],
      ['q', 'p'],
      [
        { ...makeNode('leaky', ['p'], ['m'], call('inner')), attributes: [referring('slope', 'outer_slope', 1)] },
        makeNode('leaky', ['m'], ['q'], call('default')),
      ],
      { attributeNames: ['outer_slope'] },
    );
    const model = build(
      graph()
        .input('x', 'float32', [4])
        .node('outer', ['x'], { outer_slope: 0.25 }, ['y', 'same'], call('call'))
        .output('y')
        .output('same'),
      [leaky, outer],
    );
    const result = inlineFunctions(model);
    const slopes = result.model.graph.nodes.flatMap(({ opType, attributes }) =>
      opType === 'LeakyRelu' ? attributes.map(({ value }) => value) : [],
    );
    expect(slopes).toEqual([0.25, 0.5]);
    expect(new Set([...result.sources.values()].flat())).toEqual(new Set(['call']));
    // The runtime takes no function that gives its input back: the same by hand.
    const byHand = graph()
      .input('x', 'float32', [4])
      .node('LeakyRelu', ['x'], { alpha: 0.25 }, ['m'])
      .node('LeakyRelu', ['m'], { alpha: 0.5 }, ['y'])
      .node('Identity', ['x'], {}, ['same'])
      .output('y')
      .output('same')
      .build({ opset: 18 });
    const feeds = { x: { dtype: 'float32', dims: [4], data: Float32Array.of(-1, 2, -3, 4) } } as const;
    await expectEqual(runner, byHand, result.model, feeds);
  });

  it('keeps values of subgraphs apart, within functions and around calls', async () => {
    const branch = (name: string, op: string) =>
      graph(name).node(op, ['a', 'a'], {}, ['t']).output('t', 'float32', [2]).buildGraph();
    const choose = define(
      'choose',
      ['flag', 'a'],
      ['r'],
      [
        makeNode('If', ['flag'], ['r'], {
          attributes: { then_branch: branch('then', 'Add'), else_branch: branch('else', 'Mul') },
        }),
      ],
    );
    const calling = (name: string) =>
      graph(name)
        .node('choose', ['no', 'x'], {}, [`${name}_y`], call('in'))
        .output(`${name}_y`, 'float32', [2])
        .buildGraph();
    const model = build(
      graph()
        .input('x', 'float32', [2])
        .initializer('yes', 'bool', [], new Uint8Array([1]))
        .initializer('no', 'bool', [], new Uint8Array([0]))
        .node('choose', ['yes', 'x'], {}, ['t'], call('one'))
        .node('choose', ['no', 't'], {}, ['u'], call('two'))
        .node('If', ['yes'], { then_branch: calling('then'), else_branch: calling('else') }, ['v'], { name: 'if' })
        .node('Add', ['u', 'v'], {}, ['y'], { name: 'add' })
        .output('y'),
      [choose],
    );
    const result = inlineFunctions(model);
    expect(result.model.functions).toEqual([]);
    const feeds = { x: { dtype: 'float32', dims: [2], data: Float32Array.of(3, 5) } } as const;
    await expectEqual(runner, model, result.model, feeds);
  });

  it("writes a function of an older opset in the model's", async () => {
    const mean = define(
      'mean',
      ['a'],
      ['b'],
      [makeNode('ReduceMean', ['a'], ['b'], { attributes: { axes: [1n], keepdims: 0n } })],
      {
        opsetImports: [opset('', 13)],
      },
    );
    const model = build(graph().input('x', 'float32', [2, 3]).node('mean', ['x'], {}, ['y'], call('m')).output('y'), [
      mean,
    ]);
    const result = inlineFunctions(model);
    expect(result.model.graph.nodes[0]!.inputs).toHaveLength(2);
    const before = build(
      graph()
        .input('x', 'float32', [2, 3])
        .node('ReduceMean', ['x'], { axes: [1n], keepdims: 0n }, ['y'])
        .output('y'),
      [],
      13,
    );
    await expectEqual(runner, before, result.model);
  });

  it('leaves calls of functions that are newer than the model, or call themselves, and says why', () => {
    const newer = define('newer', ['a'], ['b'], [makeNode('Relu', ['a'], ['b'])], { opsetImports: [opset('', 21)] });
    const endless = define('endless', ['a'], ['b'], [makeNode('endless', ['a'], ['b'], call('again'))]);
    const model = build(
      graph()
        .input('x', 'float32', [2])
        .node('newer', ['x'], {}, ['h'], call('n'))
        .node('endless', ['h'], {}, ['y'], call('e'))
        .output('y'),
      [newer, endless],
    );
    const result = inlineFunctions(model);
    expect(names(result.model)).toEqual(['n', 'e/again']);
    expect(result.model.functions).toEqual([newer, endless]);
    expect(result.notes.join(' ')).toMatch(
      /'newer' stays a call: it is written in opset 21.*'endless' stays a call: it calls itself/,
    );
  });
});
