import { describe, expect, it } from 'vitest';
import type { Graph, Model, Node } from '../../../../main/engine/graph/ir.ts';
import { makeGraph, makeModel, makeNode } from '../../../../main/engine/graph/make.ts';
import { attributeKernels } from '../../../../main/engine/profile/attribute.ts';
import { nameNodes } from '../../../../main/engine/passes/name-nodes.ts';
import { graph } from '../../../support/graph-builder.ts';

const NCHWC = 'com.microsoft.nchwc';
const node = (op: string, inputs: string[], outputs: string[], name: string, domain = ''): Node =>
  makeNode(op, inputs, outputs, { name, domain });
const model = (...nodes: Node[]): Model => makeModel(makeGraph({ nodes }));

/** The sources of every node of the optimised graph, by kernel name. */
function attribute(source: Model, optimised: Model): Record<string, readonly string[]> {
  const kernels = optimised.graph.nodes.map(({ name, opType }) => ({ name, op: opType }));
  const found = attributeKernels(source, optimised, kernels);
  return Object.fromEntries(kernels.map((kernel, index) => [kernel.name, found[index]!.sources]));
}

/** x → conv1 → relu1 → conv2 → (+ relu1) add → relu2 → y */
const residual = graph()
  .input('x', 'float32', [1, 4, 8, 8])
  .conv({ name: 'conv1', channels: 4, to: 'c1' })
  .relu({ name: 'relu1', to: 'r1' })
  .conv({ name: 'conv2', channels: 4, to: 'c2' })
  .addTo('r1', { name: 'add', to: 'a' })
  .relu({ name: 'relu2', to: 'y' })
  .output('y')
  .build();

const branch = (op: string): Graph =>
  graph(op).node(op, ['x', 'x'], {}, ['out'], { name: 'work' }).output('out').buildGraph();

describe('attributeKernels', () => {
  it('walks from the output of a fused kernel back to the tensors of other kernels', () => {
    const optimised = model(
      node('FusedConv', ['x'], ['r1'], 'conv1', 'com.microsoft'),
      node('FusedConv', ['r1', 'w', 'b', 'r1'], ['y'], 'conv2', 'com.microsoft'),
    );
    expect(attribute(residual, optimised)).toEqual({
      conv1: ['relu1', 'conv1'],
      conv2: ['relu2', 'add', 'conv2'],
    });
  });

  it('finds sum and activation behind a blocked kernel that is named before they were fused', () => {
    const optimised = model(
      node('ReorderInput', ['x'], ['t0'], 'ReorderInput', NCHWC),
      node('Conv', ['t0', 'w', 'b'], ['t1'], 'r1_nchwc', NCHWC),
      node('Conv', ['t1', 'w', 'b', 't1'], ['t2'], 'c2_nchwc', NCHWC),
      node('ReorderOutput', ['t2'], ['y'], 'ReorderOutput', NCHWC),
    );
    expect(attribute(residual, optimised)).toEqual({
      ReorderInput: ['relu1', 'conv1'], // asked for by the first Conv
      r1_nchwc: ['relu1', 'conv1'],
      c2_nchwc: ['relu2', 'add', 'conv2'],
      ReorderOutput: ['relu2', 'add', 'conv2'], // nobody uses it but the caller
    });
  });

  it('leaves sum and activation to kernels of their own', () => {
    const optimised = model(
      node('Conv', ['x', 'w', 'b'], ['t1'], 'r1_nchwc', NCHWC),
      node('Conv', ['t1', 'w', 'b'], ['t2'], 'c2_nchwc', NCHWC),
      node('ReorderOutput', ['t2'], ['c2'], 'ReorderOutput_2', NCHWC),
      node('ReorderOutput', ['t1'], ['r1'], 'ReorderOutput_1', NCHWC),
      node('Add', ['c2', 'r1'], ['a'], 'add'),
      node('Relu', ['a'], ['y'], 'relu2'),
    );
    expect(attribute(residual, optimised)).toEqual({
      r1_nchwc: ['relu1', 'conv1'],
      c2_nchwc: ['conv2'],
      ReorderOutput_2: ['add'],
      ReorderOutput_1: ['add'],
      add: ['add'],
      relu2: ['relu2'],
    });
  });

  it('follows kernels whose names and values got a number', () => {
    const optimised = model(
      node('Transpose', ['x'], ['x_t'], 'Transpose'),
      node('Conv', ['x_t', 'w', 'b'], ['relu1_token_2'], 'conv1_token_1', 'com.ms.internal.nhwc'),
      node('Conv', ['relu1_token_2', 'w', 'b'], ['v'], 'conv2_token_5', 'com.ms.internal.nhwc'),
      node('Add', ['v', 'relu1_token_2'], ['s'], 'add'),
      node('Relu', ['s'], ['s2'], 'relu2'),
      node('Transpose', ['s2'], ['y'], 'Transpose_token_9'),
    );
    expect(attribute(residual, optimised)).toEqual({
      Transpose: ['relu1', 'conv1'],
      conv1_token_1: ['relu1', 'conv1'],
      conv2_token_5: ['conv2'],
      add: ['add'],
      relu2: ['relu2'],
      Transpose_token_9: ['relu2'],
    });
  });

  it('counts a QDQ group to its integer kernel, weights included, and the constants to none', () => {
    const source = graph()
      .input('x', 'float32', [1, 4])
      .node('QuantizeLinear', ['x', 's', 'z'], {}, ['xq'], { name: 'q_x' })
      .node('DequantizeLinear', ['xq', 's', 'z'], {}, ['xf'], { name: 'dq_x' })
      .initializer('wq', 'int8', [4, 4], new Int8Array(16))
      .initializer('s', 'float32', [], [1])
      .initializer('z', 'int8', [], [0])
      .node('DequantizeLinear', ['wq', 's', 'z'], {}, ['wf'], { name: 'dq_w' })
      .node('Constant', [], { value_float: 1 }, ['one'], { name: 'constant' })
      .node('MatMul', ['xf', 'wf'], {}, ['m'], { name: 'matmul' })
      .node('QuantizeLinear', ['m', 's', 'z'], {}, ['mq'], { name: 'q_m' })
      .node('DequantizeLinear', ['mq', 's', 'z'], {}, ['mf'], { name: 'dq_m' })
      .node('Mul', ['mf', 'one'], {}, ['y'], { name: 'mul' })
      .output('y')
      .build();
    const optimised = model(
      node('QuantizeLinear', ['x', 's', 'z'], ['xq'], 'q_x'),
      node('QLinearMatMul', ['xq', 's', 'z', 'wq', 's', 'z', 's', 'z'], ['mq'], 'matmul'),
      node('DequantizeLinear', ['mq', 's', 'z'], ['mf'], 'dq_m'),
      node('Mul', ['mf', 'one'], ['y'], 'mul'),
    );
    expect(attribute(source, optimised)).toEqual({
      q_x: ['q_x'],
      matmul: ['q_m', 'matmul', 'dq_x', 'dq_w'],
      dq_m: ['dq_m'],
      mul: ['mul'],
    });
  });

  it('finds the layers of a subgraph inside their parent', () => {
    const source = graph()
      .input('c', 'bool', [])
      .input('x', 'float32', [1])
      .node('If', ['c'], { then_branch: branch('Mul'), else_branch: branch('Add') }, ['y'], { name: 'choose' })
      .output('y')
      .build();
    const [choose] = source.graph.nodes;
    const found = attributeKernels(source, model(choose!), [
      { name: 'choose', op: 'If' },
      { name: 'work', op: 'Mul' },
    ]);
    expect(found.map((each) => each.sources)).toEqual([['choose'], ['choose/then_branch/work']]);
  });

  it('gives what stands inside an inlined function to its call', () => {
    const call = makeNode('Twice', ['x'], ['y'], { name: 'call', domain: 'own' });
    const optimised = model(
      node('Add', ['x', 'x'], ['_inlfunc_Twice_t'], 'inner'),
      node('Add', ['_inlfunc_Twice_t', 'x'], ['y'], 'outer'),
    );
    expect(attribute(model(call), optimised)).toEqual({ inner: ['call'], outer: ['call'] });
  });

  it('compares names alone where the runtime could not write its graph', () => {
    const kernels = [
      { name: 'conv1', op: 'FusedConv' },
      { name: 'add/SomeFusion/', op: 'Fused' },
      { name: 'unheard-of', op: 'Conv' },
    ];
    expect(attributeKernels(residual, null, kernels).map((each) => each.sources)).toEqual([['conv1'], ['add'], []]);
  });
});

describe('nameNodes', () => {
  it('names the nameless and the namesakes like their layers, and leaves the others', () => {
    const source = model(
      node('Relu', ['x'], ['a'], ''),
      node('Relu', ['a'], ['b'], 'r'),
      node('Relu', ['b'], ['c'], 'r'),
    );
    expect(nameNodes(source).model.graph.nodes.map((each) => each.name)).toEqual(['Relu_0', 'Relu_1', 'Relu_2']);
    expect(nameNodes(residual).model).toBe(residual);
  });
});
