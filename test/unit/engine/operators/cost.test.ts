import { describe, expect, it } from 'vitest';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { costOfLayers, totalCost } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { graph } from '../../../support/graph-builder.ts';

const costs = (model: Model, dims: Record<string, number> = {}) => costOfLayers(model, inferModel(model, { dims }));

const float = (name: string, dims: number[]) =>
  makeTensor(name, 'float32', dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));

describe('cost of layers', () => {
  it('counts the parameters of a shared initializer once, at its first user', () => {
    const model = graph()
      .input('x', 'float32', ['n', 4])
      .weights('w', [4, 4])
      .node('MatMul', ['x', 'w'], {}, ['a'])
      .node('MatMul', ['a', 'w'], {}, ['b'])
      .build();
    expect(costs(model).map((cost) => cost.parameters)).toEqual([16, 0]);
    expect(totalCost(costs(model))).toEqual({ macs: 0, layersWithoutMacs: 2, parameters: 16, parameterBytes: 64 });
    expect(totalCost(costs(model, { n: 3 })).macs).toBe(2 * 3 * 16);
  });

  it('counts constants that feed weights, also on their way through layout, but no scalars and no shapes', () => {
    const model = graph()
      .input('x', 'float32', [2, 4])
      .node('Constant', [], { value: float('', [5, 4]) }, ['w'])
      .node('Transpose', ['w'], {}, ['wt'])
      .node('MatMul', ['x', 'wt'], {}, ['a'], { name: 'product' })
      .node('Constant', [], { value: float('', []) }, ['two'])
      .node('Pow', ['a', 'two'], {}, ['b'])
      .node('Constant', [], { value_ints: [5n, 2n] }, ['shape'])
      .node('Reshape', ['b', 'shape'], {}, ['c'])
      .build();
    const counted = costs(model).filter((cost) => cost.parameters > 0);
    expect(counted).toMatchObject([{ layer: 'product', parameters: 20, parameterBytes: 80 }]);
  });

  it('packs 4-bit weights two to a byte', () => {
    const model = graph()
      .initializer('w', 'int4', [3, 3], Int8Array.from({ length: 9 }))
      .weights('s', [])
      .node('DequantizeLinear', ['w', 's'])
      .build();
    // 9 elements in 5 bytes, and a float32 scale
    expect(costs(model)[0]).toMatchObject({ parameters: 10, parameterBytes: 9 });
    // reads 5 + 4 bytes, writes 9 floats
    expect(costs(model)[0]?.bytes).toBe(9 + 36);
  });

  it('moves inputs, weights and outputs once', () => {
    const model = graph().input('x', 'float32', [1, 4]).gemm({ inputs: 4, outputs: 3 }).build();
    // x 4, weight 12, bias 3, y 3 floats
    expect(costs(model)[0]).toMatchObject({ macs: 12, parameters: 15, bytes: 22 * 4 });
  });

  it('reads only what is gathered from an embedding table', () => {
    const model = graph()
      .input('ids', 'int64', [2])
      .weights('table', [1000, 8])
      .node('Gather', ['table', 'ids'])
      .build();
    // 2 ids of 8 bytes, 2 rows of 8 floats read and written
    expect(costs(model)[0]).toMatchObject({ parameters: 8000, bytes: 16 + 2 * 64 });
  });

  it('keeps unknown sizes unknown', () => {
    const model = graph().input('x', 'float32', ['n', 4]).gemm({ inputs: 4, outputs: 3 }).build();
    expect(costs(model)[0]).toMatchObject({ macs: null, bytes: null, parameters: 15, known: true });
  });
});
