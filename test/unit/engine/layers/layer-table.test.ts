import { describe, expect, test } from 'vitest';
import type { LayerTable } from '../../../../main/contract/layers.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { changedLayerTable, layerTable, type LayerSide } from '../../../../main/engine/layers/layer-table.ts';
import { costOfLayers } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { layerRows, nodesOf, type LayerRow } from '../../../../main/judge/layer-table.ts';
import { graph } from '../../../support/graph-builder.ts';

function side(model: Model): LayerSide {
  const inference = inferModel(model);
  return { model, inference, costs: costOfLayers(model, inference) };
}

const pick = <K extends keyof LayerRow>(table: LayerTable, ...keys: readonly K[]): unknown[] =>
  layerRows(table).map((row) => keys.map((key) => row[key]));

/** conv (4 × 3 × 1 × 1 weights) → bn → relu. */
const plain = (): Model =>
  graph()
    .input('x', 'float32', [1, 3, 2, 2])
    .conv({ channels: 4, kernel: 1, bias: false, name: 'conv', to: 'c' })
    .weights('g', [4])
    .weights('b', [4])
    .weights('m', [4])
    .weights('v', [4])
    .node('BatchNormalization', ['c', 'g', 'b', 'm', 'v'], {}, ['n'], { name: 'bn' })
    .relu({ name: 'relu', to: 'y' })
    .output('y')
    .build();

/** What becomes of it in int8: bn folded into conv, codes on both sides. */
const quantized = (): Model =>
  graph()
    .input('x', 'float32', [1, 3, 2, 2])
    .initializer('s', 'float32', [], [0.1])
    .initializer('z', 'uint8', [], [128])
    .initializer('wz', 'int8', [], [0])
    .initializer('w', 'int8', [4, 3, 1, 1], new Int8Array(12))
    .node('QuantizeLinear', ['x', 's', 'z'], {}, ['xq'])
    .node('DequantizeLinear', ['xq', 's', 'z'], {}, ['xd'])
    .node('DequantizeLinear', ['w', 's', 'wz'], {}, ['wd'])
    .node('Conv', ['xd', 'wd'], {}, ['n'], { name: 'conv' })
    .node('Relu', ['n'], {}, ['r'], { name: 'relu' })
    .node('QuantizeLinear', ['r', 's', 'z'], {}, ['rq'])
    .node('DequantizeLinear', ['rq', 's', 'z'], {}, ['y'])
    .output('y')
    .build();

describe('layerTable', () => {
  test('tells costs, edges and nodes of every layer', () => {
    const table = layerTable(side(plain()));
    expect(pick(table, 'name', 'inputs', 'outputs', 'parameters', 'macs', 'kept')).toEqual([
      ['conv', ['x'], ['c'], 12, 48, 1],
      ['bn', ['c'], ['n'], 16, 0, 1],
      ['relu', ['n'], ['y'], 0, 0, null],
    ]);
    expect(table.names.map((_, index) => nodesOf(table, index))).toEqual([['conv'], ['bn'], ['relu']]);
  });

  test('a value passes unquantized from layer to layer', () => {
    expect(pick(layerTable(side(quantized())), 'name', 'inputs', 'precision', 'parameters', 'parameterBytes')).toEqual([
      ['conv', ['x'], 'int8', 12, 12],
      ['relu', ['n'], 'int8', 0, 0],
    ]);
  });

  test('codes of 4 bits before a float product are int4 weights', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('s', 'float32', [], [0.1])
      .initializer('w', 'int4', [4, 2], new Int8Array(8))
      .node('DequantizeLinear', ['w', 's'], {}, ['wd'], { name: 'd' })
      .node('MatMul', ['x', 'wd'], {}, ['y'], { name: 'matmul' })
      .output('y')
      .build();
    expect(pick(layerTable(side(model)), 'precision', 'parameters', 'parameterBytes')).toEqual([
      ['int4 weights', 8, 4],
    ]);
  });

  test('weights kept in float16 and computed in float32 are float16 weights', () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('w', 'float16', [4, 2], new Float32Array(8))
      .node('Cast', ['w'], { to: 1n }, ['w32'], { name: 'cast' })
      .node('MatMul', ['x', 'w32'], {}, ['y'], { name: 'matmul' })
      .output('y')
      .build();
    expect(pick(layerTable(side(model)), 'precision', 'parameterBytes')).toEqual([['float16 weights', 16]]);
  });
});

describe('changedLayerTable', () => {
  test('a quantized model has the layers of its source by the same names', () => {
    const table = changedLayerTable(side(plain()), side(quantized()));
    expect(pick(table, 'name', 'state', 'precision', 'fusedInto')).toEqual([
      ['conv', 'present', 'int8', null],
      ['bn', 'fused', null, 'conv'],
      ['relu', 'present', 'int8', null],
    ]);
    expect(nodesOf(table, 0)).toHaveLength(4);
  });

  test('what the change tells of its nodes comes before names', () => {
    const halves = graph()
      .input('x', 'float32', [1, 3, 2, 2])
      .conv({ channels: 2, inputs: 3, kernel: 1, bias: false, name: 'down', from: 'x', to: 'd' })
      .conv({ channels: 4, inputs: 2, kernel: 1, bias: false, name: 'up', from: 'd', to: 'u' })
      .relu({ name: 'relu', to: 'y' })
      .output('y')
      .build();
    const sources = new Map([
      ['down', ['conv']],
      ['up', ['conv', 'bn']],
    ]);
    const table = changedLayerTable(side(plain()), side(halves), sources);
    expect(pick(table, 'name', 'state', 'parameters', 'fusedInto')).toEqual([
      ['conv', 'present', 14, null],
      ['bn', 'fused', 0, 'conv'],
      ['relu', 'present', 0, null],
    ]);
    expect(nodesOf(table, 0)).toEqual(['down', 'up']);
  });

  test('a renamed node is found by the value that it gives; what is new and computes is added', () => {
    const renamed = graph()
      .input('x', 'float32', [1, 3, 2, 2])
      .conv({ channels: 4, kernel: 1, bias: false, name: 'other', to: 'c' })
      .node('Sigmoid', ['c'], {}, ['y'], { name: 'sigmoid' })
      .node('Tanh', ['y'], {}, ['t'], { name: 'tanh' })
      .output('t')
      .build();
    expect(pick(changedLayerTable(side(plain()), side(renamed)), 'name', 'state')).toEqual([
      ['conv', 'present'],
      ['bn', 'removed'],
      ['relu', 'present'],
      ['tanh', 'added'],
    ]);
  });
});
