import { describe, expect, it } from 'vitest';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { costOfLayers, totalCost } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import type { FunctionDef, Graph, Model } from '../../../../main/engine/graph/ir.ts';
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
    // 9 elements in 5 bytes; the scale is no parameter
    expect(costs(model)[0]).toMatchObject({ parameters: 9, parameterBytes: 5 });
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

  it('counts no shapes, slices, axes or limits, however they are stored', () => {
    const ints = (name: string, values: number[]) =>
      makeTensor(name, 'int64', [values.length], BigInt64Array.from(values, BigInt));
    const model = graph()
      .input('x', 'float32', [2, 4])
      .tensor(ints('starts', [0]))
      .tensor(ints('ends', [2]))
      .tensor(ints('shape', [4, 1]))
      .tensor(float('low', [1]))
      .weights('bias', [2])
      .node('Slice', ['x', 'starts', 'ends', 'ends'], {}, ['a'])
      .node('Reshape', ['a', 'shape'], {}, ['b'])
      .node('Clip', ['b', 'low'], {}, ['c'])
      .node('Add', ['c', 'bias'], {}, ['d'])
      .build();
    expect(totalCost(costs(model))).toMatchObject({ parameters: 2, parameterBytes: 8 });
  });

  it('counts one branch of an If: the larger, or the one that a run took', () => {
    const branch = (name: string, columns: number) =>
      graph()
        .weights(`${name}_w`, [4, columns])
        .node('MatMul', ['x', `${name}_w`], {}, [`${name}_y`], { name })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [2, 4])
      .input('flag', 'bool', [])
      .node('If', ['flag'], { then_branch: branch('small', 3), else_branch: branch('large', 5) }, ['y'], { name: 'if' })
      .build();
    const inference = inferModel(model);
    const macs = (taken?: string) => {
      const chosen = taken === undefined ? {} : { taken: new Map([[model.graph.nodes[0]!, taken]]) };
      return costOfLayers(model, inference, chosen).map((cost) => [cost.layer, cost.macs]);
    };
    // 2 × 4 × 3 and 2 × 4 × 5
    expect(macs()).toEqual([
      ['if', 0],
      ['if/then_branch/small', 0],
      ['if/else_branch/large', 40],
    ]);
    expect(macs('then_branch')).toEqual([
      ['if', 0],
      ['if/then_branch/small', 24],
      ['if/else_branch/large', 0],
    ]);
  });

  it('counts one branch of an If inside a function too', () => {
    const product = (name: string, weight: string) =>
      graph()
        .node('MatMul', ['a', weight], {}, [`${name}_y`], { name })
        .output(`${name}_y`)
        .buildGraph();
    const choice: FunctionDef = {
      name: 'Choice',
      domain: 'local',
      overload: '',
      inputs: ['a', 'go', 'n', 'w'],
      outputs: ['b'],
      attributeNames: [],
      attributeDefaults: [],
      nodes: graph()
        .node('If', ['go'], { then_branch: product('small', 'n'), else_branch: product('large', 'w') }, ['b'])
        .buildGraph().nodes,
      opsetImports: [],
      valueInfos: [],
      docString: '',
      metadata: [],
      unknown: [],
    };
    const model = graph()
      .input('x', 'float32', [2, 4])
      .input('flag', 'bool', [])
      .weights('narrow', [4, 3])
      .weights('wide', [4, 5])
      .node('Choice', ['x', 'flag', 'narrow', 'wide'], {}, ['y'], { name: 'call', domain: 'local' })
      .build({ functions: [choice], domains: { local: 1 } });
    expect(costs(model)).toMatchObject([{ layer: 'call', macs: 40, parameters: 32 }]);
  });

  it('looks at each branch once, however deep Ifs lie in Ifs', () => {
    const nested = (depth: number): Graph => {
      const inner = graph().node('MatMul', ['x', 'w'], {}, [`m${depth}`], { name: `m${depth}` });
      if (depth > 0) {
        const both = { then_branch: nested(depth - 1), else_branch: nested(0) };
        inner.node('If', ['flag'], both, [`y${depth}`], { name: `if${depth}` });
      }
      return inner.output(depth > 0 ? `y${depth}` : `m${depth}`).buildGraph();
    };
    const model = graph()
      .input('x', 'float32', [2, 4])
      .input('flag', 'bool', [])
      .weights('w', [4, 4])
      .node('If', ['flag'], { then_branch: nested(20), else_branch: nested(0) }, ['y'], { name: 'if' })
      .build();
    // 21 products of 2 × 4 × 4 on the longest way
    expect(totalCost(costs(model)).macs).toBe(21 * 32);
  });

  it('keeps unknown sizes unknown', () => {
    const model = graph().input('x', 'float32', ['n', 4]).gemm({ inputs: 4, outputs: 3 }).build();
    expect(costs(model)[0]).toMatchObject({ macs: null, bytes: null, parameters: 15, known: true });
  });
});
