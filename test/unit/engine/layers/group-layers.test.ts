import { describe, expect, test } from 'vitest';
import { groupLayers } from '../../../../main/engine/layers/group-layers.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import { graph } from '../../../support/graph-builder.ts';

/** Layer name to the operators of the nodes that serve it. */
function served(model: Model): Record<string, string[]> {
  return Object.fromEntries(
    groupLayers(model).all.map(({ name, nodes }) => [name, nodes.slice(1).map(({ node }) => node.opType)]),
  );
}

const constant = (name: string, ...values: readonly bigint[]) =>
  makeNode('Constant', [], [name], { name, attributes: { value_ints: values } });

describe('groupLayers', () => {
  test('a chain without servants is one layer a node', () => {
    const model = graph()
      .input('x', 'float32', [1, 3, 8, 8])
      .conv({ channels: 4, name: 'conv' })
      .relu({ name: 'relu' });
    expect(served(model.output().build())).toEqual({ conv: [], relu: [] });
  });

  test('quantization pairs belong to the layer before, the layer behind, and the weights to theirs', () => {
    const model = graph()
      .input('x', 'float32', [1, 3, 8, 8])
      .initializer('s', 'float32', [], [0.1])
      .initializer('z', 'uint8', [], [128])
      .initializer('wz', 'int8', [], [0])
      .initializer(
        'w',
        'int8',
        [4, 3, 1, 1],
        Int8Array.from({ length: 12 }, (_, at) => at),
      )
      .node('QuantizeLinear', ['x', 's', 'z'], {}, ['xq'], { name: 'q0' })
      .node('DequantizeLinear', ['xq', 's', 'z'], {}, ['xd'], { name: 'd0' })
      .node('DequantizeLinear', ['w', 's', 'wz'], {}, ['wd'], { name: 'dw' })
      .node('Conv', ['xd', 'wd'], {}, ['c'], { name: 'conv' })
      .node('QuantizeLinear', ['c', 's', 'z'], {}, ['cq'], { name: 'q1' })
      .node('DequantizeLinear', ['cq', 's', 'z'], {}, ['cd'], { name: 'd1' })
      .node('Softmax', ['cd'], {}, ['y'], { name: 'softmax' })
      .output('y')
      .build();
    expect(served(model)).toEqual({
      conv: ['QuantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'QuantizeLinear'],
      softmax: ['DequantizeLinear'],
    });
  });

  test('a pair at the end of the model belongs to the layer whose value it holds', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('s', 'float32', [], [0.1])
      .initializer('z', 'uint8', [], [0])
      .relu({ name: 'relu' })
      .node('QuantizeLinear', ['relu_0', 's', 'z'], {}, ['q'], { name: 'q' })
      .node('DequantizeLinear', ['q', 's', 'z'], {}, ['y'], { name: 'd' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ relu: ['QuantizeLinear', 'DequantizeLinear'] });
  });

  test('shape arithmetic belongs to the layer that it tells a size', () => {
    const model = graph()
      .input('x', 'float32', ['N', 4, 2])
      .add(constant('zero', 0n))
      .add(constant('rest', -1n))
      .node('Shape', ['x'], {}, ['shape'], { name: 'shape' })
      .node('Gather', ['shape', 'zero'], {}, ['batch'], { name: 'gather' })
      .node('Concat', ['batch', 'rest'], { axis: 0n }, ['target'], { name: 'concat' })
      .node('Relu', ['x'], {}, ['r'], { name: 'relu' })
      .node('Reshape', ['r', 'target'], {}, ['y'], { name: 'reshape' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ relu: [], reshape: ['Constant', 'Constant', 'Shape', 'Gather', 'Concat'] });
  });

  test('what only says where a slice ends is no layer, even where it is computed from data', () => {
    const model = graph()
      .input('length', 'int64', [1])
      .input('x', 'float32', ['N', 4])
      .initializer('start', 'int64', [1], [0n])
      .initializer('one', 'int64', [1], [1n])
      .node('Sub', ['length', 'one'], {}, ['end'], { name: 'sub' })
      .node('Slice', ['x', 'start', 'end'], {}, ['y'], { name: 'slice' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ slice: ['Sub'] });
  });

  test('a weight on its way through Cast and Transpose belongs to the layer that multiplies by it', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('w', 'float16', [3, 4], new Float32Array(12))
      .node('Cast', ['w'], { to: 1n }, ['w32'], { name: 'cast' })
      .node('Transpose', ['w32'], {}, ['wt'], { name: 'transpose' })
      .node('MatMul', ['x', 'wt'], {}, ['y'], { name: 'matmul' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ matmul: ['Cast', 'Transpose'] });
  });

  test('a constant that two layers share belongs to the first that uses it', () => {
    const model = graph()
      .input('x', 'float32', [2, 2])
      .node('Constant', [], { value_float: 2 }, ['two'], { name: 'two' })
      .node('Relu', ['x'], {}, ['r'], { name: 'relu' })
      .node('Mul', ['r', 'two'], {}, ['m'], { name: 'mul' })
      .node('Add', ['m', 'two'], {}, ['y'], { name: 'add' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ relu: [], mul: ['Constant'], add: [] });
  });

  test('layers of an If belong to it, and constants to the layers beside them', () => {
    const branch = (name: string) =>
      graph(name)
        .node('Constant', [], { value_float: 2 }, [`${name}_two`], { name: `${name}_two` })
        .node('Mul', ['x', `${name}_two`], {}, [`${name}_y`], { name: `${name}_mul` })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [2])
      .input('flag', 'bool', [])
      .node('Not', ['flag'], {}, ['cond'], { name: 'not' })
      .node('If', ['cond'], { then_branch: branch('then'), else_branch: branch('else') }, ['y'], { name: 'if' })
      .output('y')
      .build();
    const { all } = groupLayers(model);
    expect(served(model)).toEqual({
      if: ['Not'],
      'if/then_branch/then_mul': ['Constant'],
      'if/else_branch/else_mul': ['Constant'],
    });
    expect(all.map(({ parent }) => parent?.name ?? null)).toEqual([null, 'if', 'if']);
  });

  test('scales of the moment and the way back to real values belong to the integer kernel', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('w', 'int8', [4, 2], new Int8Array(8))
      .initializer('ws', 'float32', [], [0.5])
      .node('DynamicQuantizeLinear', ['x'], {}, ['xq', 'xs', 'xz'], { name: 'dynamic' })
      .node('Mul', ['xs', 'ws'], {}, ['scale'], { name: 'scale' })
      .node('MatMulInteger', ['xq', 'w', 'xz'], {}, ['sums'], { name: 'matmul' })
      .node('Cast', ['sums'], { to: 1n }, ['real'], { name: 'cast' })
      .node('Mul', ['real', 'scale'], {}, ['y'], { name: 'rescale' })
      .node('Relu', ['y'], {}, ['z'], { name: 'relu' })
      .output('z')
      .build();
    expect(served(model)).toEqual({ matmul: ['DynamicQuantizeLinear', 'Mul', 'Cast', 'Mul'], relu: [] });
  });

  test('a random number is drawn by a layer, and what nobody uses is one of its own', () => {
    const model = graph()
      .input('x', 'float32', [2])
      .node('RandomNormal', [], { shape: [2n] }, ['noise'], { name: 'noise' })
      .node('Add', ['x', 'noise'], {}, ['y'], { name: 'add' })
      .node('Constant', [], { value_float: 2 }, ['unused'], { name: 'unused' })
      .output('y')
      .build();
    expect(served(model)).toEqual({ noise: [], add: [], unused: [] });
  });
});
