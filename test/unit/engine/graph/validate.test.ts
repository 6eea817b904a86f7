import { describe, expect, it } from 'vitest';
import { makeAttribute } from '../../../../main/engine/graph/attributes.ts';
import type { FunctionDef, Model } from '../../../../main/engine/graph/ir.ts';
import { makeNode, makeRawTensor } from '../../../../main/engine/graph/make.ts';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { graph } from '../../../support/graph-builder.ts';
import { smallCnn, withBranches, withFunction } from '../../../support/sample-graphs.ts';

const codes = (model: Model) => validateModel(model).map((problem) => problem.code);
const start = () => graph().input('x', 'float32', [2]);

/** A branch that passes a value through Relu. */
const reluOf = (value: string) => graph('body').node('Relu', [value], {}, ['inner']).output('inner').buildGraph();

describe('validateModel', () => {
  it('finds nothing in sound models', () => {
    for (const model of [smallCnn(), withBranches(), withFunction()])
      expect(validateModel(model, { scanWeights: true })).toEqual([]);
  });

  it('names the layers of a cycle', () => {
    const model = start()
      .node('Add', ['x', 'c'], {}, ['a'], { name: 'first' })
      .node('Relu', ['a'], {}, ['b'], { name: 'second' })
      .node('Relu', ['b'], {}, ['c'], { name: 'third' })
      .node('Relu', ['c'], {}, ['y'], { name: 'after' })
      .output()
      .build();
    const [problem, ...others] = validateModel(model);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'CYCLE', severity: 'error' });
    for (const name of ['first', 'second', 'third']) expect(problem!.message).toContain(name);
    expect(problem!.message).not.toContain('after');
  });

  it('sees a node that uses its own output', () => {
    expect(codes(start().node('Add', ['x', 'y'], {}, ['y']).output().build())).toEqual(['CYCLE']);
  });

  it('sees a cycle that runs through a subgraph', () => {
    const body = graph('body').node('Add', ['x', 'y'], {}, ['inner']).output('inner').buildGraph();
    const model = start()
      .input('c', 'bool', [])
      .node('If', ['c'], { then_branch: body, else_branch: body }, ['y'])
      .output()
      .build();
    expect(codes(model)).toContain('CYCLE');
  });

  it('warns of nodes before those that they use', () => {
    const model = start()
      .node('Relu', ['a'], {}, ['y'], { name: 'late' })
      .node('Relu', ['x'], {}, ['a'], { name: 'early' })
      .output('y')
      .build();
    expect(validateModel(model)).toMatchObject([{ code: 'NOT_TOPOLOGICAL', severity: 'warning', layer: 'late' }]);
  });

  it('lists names that nothing makes', () => {
    const model = start().node('Add', ['x', 'ghost'], {}, ['y'], { name: 'add' }).output().output('other').build();
    expect(validateModel(model)).toMatchObject([
      { code: 'INPUT_DANGLING', layer: 'add' },
      { code: 'OUTPUT_MISSING', layer: null },
    ]);
  });

  it('lets subgraphs use values of the graphs around them, and nothing else', () => {
    const model = start()
      .input('c', 'bool', [])
      .node('If', ['c'], { then_branch: reluOf('x'), else_branch: reluOf('ghost') }, ['y'], { name: 'if' })
      .output()
      .build();
    expect(validateModel(model)).toMatchObject([{ code: 'INPUT_DANGLING', layer: 'if/else_branch/Relu_0' }]);
  });

  it('lists what is defined twice', () => {
    const model = start()
      .initializer('w', 'float32', [2], [1, 2])
      .initializer('w', 'float32', [2], [1, 2])
      .node('Relu', ['x'], {}, ['y'], { name: 'same' })
      .node('Add', ['x', 'w'], {}, ['y'], { name: 'same' })
      .output()
      .build();
    expect(codes(model).sort()).toEqual(['DUPLICATE_INITIALIZER', 'DUPLICATE_NODE_NAME', 'DUPLICATE_VALUE']);
  });

  it('accepts initializers that are inputs as well, as IR version 3 has them', () => {
    const model = start()
      .input('w', 'float32', [2])
      .initializer('w', 'float32', [2], [1, 2])
      .node('Add', ['x', 'w'])
      .output();
    expect(codes(model.build({ irVersion: 3 }))).toEqual([]);
  });

  it('asks for an import of every domain', () => {
    const custom = start().node('Magic', ['x'], {}, ['y'], { name: 'magic', domain: 'com.example' }).output();
    expect(validateModel(custom.build())).toMatchObject([{ code: 'OPSET_MISSING', layer: 'magic' }]);
    expect(codes(custom.build({ domains: { 'com.example': 1 } }))).toEqual([]);
  });

  it('treats ai.onnx and the empty domain as one', () => {
    expect(codes(start().node('Relu', ['x'], {}, ['y'], { domain: 'ai.onnx' }).output().build())).toEqual([]);
  });

  it('finds NaN and infinite weights when asked', () => {
    const model = start()
      .initializer('w', 'float16', [2], [NaN, 1])
      .initializer('v', 'float32', [2], [Infinity, 1])
      .addTo('w', { name: 'a' })
      .addTo('v', { name: 'b' })
      .output()
      .build();
    expect(validateModel(model)).toEqual([]);
    expect(validateModel(model, { scanWeights: true })).toMatchObject([
      { code: 'WEIGHTS_NOT_FINITE', layer: 'a', message: expect.stringContaining('1 NaN') as string },
      { code: 'WEIGHTS_NOT_FINITE', layer: 'b', message: expect.stringContaining('1 infinite') as string },
    ]);
  });

  it.each([
    [[-1], 4],
    [[2 ** 40, 2 ** 40], 4],
  ])('lists absurd dimensions %j', (dims, bytes) => {
    const model = start()
      .tensor(makeRawTensor('w', 'float32', dims, new Uint8Array(bytes)))
      .addTo('w', { name: 'add' })
      .output();
    expect(validateModel(model.build(), { scanWeights: true })).toMatchObject([{ code: 'DIMS_ABSURD', layer: 'add' }]);
  });

  it('lists tensors whose bytes do not fit', () => {
    const model = start()
      .tensor(makeRawTensor('w', 'float32', [1000, 1000], new Uint8Array(4)))
      .addTo('w')
      .output();
    expect(codes(model.build())).toEqual(['TENSOR_SIZE']);
  });

  it('lists negative and uncountable shapes of inputs', () => {
    const model = graph()
      .input('x', 'float32', [-5])
      .input('z', 'float32', [2 ** 52, 4])
      .node('Add', ['x', 'z'])
      .output()
      .build();
    expect(codes(model)).toEqual(['DIMS_ABSURD', 'DIMS_ABSURD']);
  });

  it('lists a model without nodes or outputs', () => {
    expect(codes(start().build())).toEqual(['NO_NODES', 'NO_OUTPUTS']);
  });

  it('lists functions that call themselves, directly or through others', () => {
    const [template] = withFunction().functions;
    const calls = (name: string, callee: string): FunctionDef => ({
      ...template!,
      name,
      nodes: [{ ...makeNode(callee, ['a'], ['c'], { domain: 'test.functions' }), overload: 'a' }],
      opsetImports: [{ domain: 'test.functions', version: 1, unknown: [] }],
    });
    const model = { ...withFunction(), functions: [calls('Double', 'Other'), calls('Other', 'Double')] };
    expect(codes(model)).toEqual(['FUNCTION_RECURSIVE']);
    expect(codes({ ...model, functions: [...withFunction().functions, ...withFunction().functions] })).toEqual([
      'FUNCTION_DUPLICATE',
    ]);
  });

  it('lists attributes given twice, and references outside functions', () => {
    const node = makeNode('Elu', ['x'], ['y']);
    const reference = { ...makeAttribute('alpha', 1), type: 'reference', value: 'slope', kind: 1 } as const;
    const model = start()
      .add({ ...node, attributes: [makeAttribute('alpha', 1), reference] })
      .output()
      .build();
    expect(codes(model).sort()).toEqual(['ATTRIBUTE_DUPLICATE', 'ATTRIBUTE_REFERENCE']);
  });

  it('lists fifty of a kind and counts the rest', () => {
    const many = start();
    for (let i = 0; i < 80; i++) many.node('Relu', [`ghost${i}`]);
    const problems = validateModel(many.output().build());
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toMatchObject({
      code: 'INPUT_DANGLING',
      severity: 'error',
      message: '… and 30 more of this kind',
    });
  });
});
