import { describe, expect, it } from 'vitest';
import type { Model, Shape } from '../../../../main/engine/graph/ir.ts';
import { makeAttribute } from '../../../../main/engine/graph/attributes.ts';
import { makeModel, makeGraph, makeNode, makeTensor, makeValueInfo } from '../../../../main/engine/graph/make.ts';
import { costOfLayers } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

const shapeIn = (model: Model, value: string, dims: Record<string, number> = {}): Shape | undefined =>
  inferModel(model, { dims }).values.get(value)?.shape;

/** x.view(x.size(0), -1) as torch writes it: Shape → Gather → Unsqueeze → Concat → Reshape. */
function viewModel(): Model {
  return graph()
    .input('x', 'float32', ['batch', 16, 4, 4])
    .node('Shape', ['x'], {}, ['shape'])
    .initializer('zero', 'int64', [], [0])
    .node('Gather', ['shape', 'zero'], {}, ['size'])
    .initializer('axes', 'int64', [1], [0])
    .node('Unsqueeze', ['size', 'axes'], {}, ['first'])
    .initializer('rest', 'int64', [1], [-1])
    .node('Concat', ['first', 'rest'], { axis: 0n }, ['target'])
    .node('Reshape', ['x', 'target'], {}, ['y'])
    .output('y')
    .build();
}

const custom = (): Model => {
  const base = graph()
    .input('x', 'float32', ['n', 4])
    .node('Mystery', ['x'], {}, ['y'], { domain: 'acme' })
    .relu({ to: 'z' });
  const model = base.build({ domains: { acme: 1 } });
  const valueInfos = [makeValueInfo('y', 'float32', ['n', 8])];
  return { ...model, graph: { ...model.graph, valueInfos } };
};

const branch = (rows: number) =>
  graph().weights('w', [rows, 4]).node('MatMul', ['w', 'outer'], {}, ['out']).output('out').buildGraph();

describe('shape arithmetic', () => {
  it('carries a symbolic batch through Shape, Gather, Unsqueeze, Concat and Reshape', () => {
    const inference = inferModel(viewModel());
    expect(inference.values.get('target')?.constant?.elements).toEqual(['batch', -1]);
    expect(inference.values.get('y')?.shape).toEqual(['batch', 256]);
    expect(inference.problems).toEqual([]);
  });

  it('puts sizes in where they are given', () => {
    expect(shapeIn(viewModel(), 'y', { batch: 8 })).toEqual([8, 256]);
  });

  it('names an unnamed dimension of an input by its place', () => {
    const model = graph().input('x', 'float32', [null, 3]).relu({ to: 'y' }).build();
    expect(shapeIn(model, 'y')).toEqual([null, 3]);
    expect(shapeIn(model, 'y', { 'x[0]': 5 })).toEqual([5, 3]);
  });

  it('cancels dimensions that nobody named', () => {
    const model = graph()
      .input('x', 'float32', [null, null, 12])
      .node('Shape', ['x'], {}, ['shape'])
      .initializer('split', 'int64', [2], [2, 1])
      .node('Split', ['shape', 'split'], {}, ['outer', 'inner'])
      .initializer('heads', 'int64', [2], [3, 4])
      .node('Concat', ['outer', 'heads'], { axis: 0n }, ['target'])
      .node('Reshape', ['x', 'target'], {}, ['split4'])
      .initializer('back', 'int64', [3], [0, 0, -1])
      .node('Reshape', ['split4', 'back'], {}, ['y'])
      .build();
    expect(shapeIn(model, 'split4')).toEqual([null, null, 3, 4]);
    expect(shapeIn(model, 'y')).toEqual([null, null, 12]);
  });

  it('follows the expand that torch guards with Where and Equal', () => {
    const model = graph()
      .input('x', 'float32', ['n', 1])
      .node('Shape', ['x'], {}, ['shape'])
      .initializer('minus', 'int64', [1], [-1])
      .node('Equal', ['shape', 'minus'], {}, ['isMinus'])
      .initializer('ones', 'int64', [2], [1, 1])
      .node('Where', ['isMinus', 'ones', 'shape'], {}, ['target'])
      .node('Expand', ['x', 'target'], {}, ['y'])
      .build();
    expect(shapeIn(model, 'y')).toEqual(['n', 1]);
  });

  it('does not unpack large tensors', () => {
    const model = graph().weights('w', [100, 100]).node('Identity', ['w'], {}, ['y']).build();
    expect(inferModel(model).values.get('y')).toEqual({ dtype: 'float32', shape: [100, 100] });
  });
});

describe('what the file states', () => {
  it('fills in behind an unknown operator, which is listed', () => {
    const model = custom();
    const inference = inferModel(model);
    expect(inference.values.get('z')).toEqual({ dtype: 'float32', shape: ['n', 8] });
    expect(inference.problems).toMatchObject([{ code: 'OPERATOR_UNKNOWN', layer: 'Mystery_0', severity: 'warning' }]);
    const [mystery, relu] = costOfLayers(model, inference);
    expect(mystery).toMatchObject({ known: false, macs: null, bytes: null });
    expect(relu).toMatchObject({ known: true, macs: 0 });
  });

  it('gives way to what follows from the inputs, and the difference is listed', () => {
    const model = graph().input('x', 'float32', [2, 4]).relu({ to: 'y' }).output('y', 'float32', [2, 5]).build();
    const inference = inferModel(model);
    expect(inference.values.get('y')?.shape).toEqual([2, 4]);
    expect(inference.problems[0]).toMatchObject({ code: 'DECLARED_DIFFERS', layer: 'relu0' });
    expect(inference.problems[0]?.message).toContain('states shape [2, 5], but [2, 4] follows');
  });

  it('is completed by measured shapes, which go on from there', () => {
    const model = graph().input('x').node('Mystery', ['x'], {}, ['y'], { domain: 'acme' }).flatten({ to: 'z' }).build();
    const measured = new Map([['y', { dtype: 'float32' as const, shape: [2, 3, 4] }]]);
    const inference = inferModel(model, { measured });
    expect(inference.values.get('z')).toEqual({ dtype: 'float32', shape: [2, 12] });
  });

  it('fills a dimension that only the data tells from the measurement', () => {
    const model = graph().input('x', 'float32', ['n', 4]).node('NonZero', ['x'], {}, ['y']).build();
    const measured = new Map([['y', { shape: [2, 9] }]]);
    expect(inferModel(model).values.get('y')?.shape).toEqual([2, null]);
    expect(inferModel(model, { measured }).values.get('y')?.shape).toEqual([2, 9]);
  });
});

describe('what the inputs hold', () => {
  const held = (name: string, elements: readonly number[], shape: readonly number[] = [elements.length]) =>
    new Map([[name, { dtype: 'int64' as const, shape, elements }]]);

  it('gives the shape that an input asks for', () => {
    const model = graph()
      .input('x', 'float32', ['n', 6])
      .input('target', 'int64', [3])
      .node('Reshape', ['x', 'target'], {}, ['y'])
      .build();
    expect(inferModel(model, { dims: { n: 2 } }).values.get('y')?.shape).toEqual([null, null, null]);
    const values = held('target', [2, -1, 3]);
    expect(inferModel(model, { dims: { n: 2 }, values }).values.get('y')?.shape).toEqual([2, 2, 3]);
  });

  it('counts the trips that an input asks for', () => {
    const body = graph()
      .input('i', 'int64', [])
      .input('go', 'bool', [])
      .input('state', 'float32', [2, 4])
      .weights('w', [4, 4])
      .node('MatMul', ['state', 'w'], {}, ['next'])
      .output('go', 'bool')
      .output('next')
      .buildGraph();
    const model = graph()
      .input('trips', 'int64', [])
      .input('x', 'float32', [2, 4])
      .node('Loop', ['trips', '', 'x'], { body }, ['last'])
      .build();
    expect(costOfLayers(model, inferModel(model))[1]?.macs).toBeNull();
    expect(costOfLayers(model, inferModel(model, { values: held('trips', [5], []) }))[1]?.macs).toBe(5 * 32);
  });

  it('is not taken for an inner value of the same name', () => {
    const inner = graph()
      .node('Identity', ['target'], {}, ['out'])
      .input('target', 'int64', [])
      .output('out')
      .buildGraph();
    expect(inner.inputs).toHaveLength(1);
    const model = graph()
      .input('target', 'int64', [1])
      .input('xs', 'float32', [3])
      .node('Scan', ['xs'], { body: inner, num_scan_inputs: 1n }, ['y'])
      .build();
    expect(inferModel(model, { values: held('target', [9]) }).values.get('y')?.shape).toEqual([3]);
  });
});

describe('graphs in graphs', () => {
  it('infers both branches of an If with the outer values in sight', () => {
    const model = graph()
      .input('cond', 'bool', [])
      .input('outer', 'float32', [4, 'n'])
      .node('If', ['cond'], { then_branch: branch(3), else_branch: branch(5) }, ['y'])
      .build();
    const inference = inferModel(model);
    expect(inference.values.get('y')).toEqual({ dtype: 'float32', shape: [null, 'n'] });
    const costs = costOfLayers(model, inferModel(model, { dims: { n: 2 } }));
    expect(costs.map((cost) => [cost.macs, cost.parameters])).toEqual([
      [0, 0],
      [0, 12],
      [5 * 4 * 2, 20],
    ]);
  });

  it('takes the branch that a constant condition chooses, and counts no work for the other', () => {
    const model = graph()
      .initializer('cond', 'bool', [], [1])
      .input('outer', 'float32', [4, 2])
      .node('If', ['cond'], { then_branch: branch(3), else_branch: branch(5) }, ['y'])
      .build();
    const inference = inferModel(model);
    expect(inference.values.get('y')?.shape).toEqual([3, 2]);
    expect(costOfLayers(model, inference).map((cost) => cost.macs)).toEqual([0, 24, 0]);
  });

  it('stacks what a loop scans, and counts its body for every trip', () => {
    const body = graph()
      .input('i', 'int64', [])
      .input('go', 'bool', [])
      .input('state', 'float32', [2, 4])
      .weights('w', [4, 4])
      .node('MatMul', ['state', 'w'], {}, ['next'])
      .output('go', 'bool')
      .output('next')
      .output('next')
      .buildGraph();
    const model = graph()
      .initializer('trips', 'int64', [], [7])
      .input('x', 'float32', [2, 4])
      .node('Loop', ['trips', '', 'x'], { body }, ['last', 'all'])
      .build();
    const inference = inferModel(model);
    expect(inference.problems).toEqual([]);
    expect(inference.values.get('last')?.shape).toEqual([2, 4]);
    expect(inference.values.get('all')?.shape).toEqual([7, 2, 4]);
    expect(costOfLayers(model, inference)[1]?.macs).toBe(7 * 2 * 4 * 4);
  });

  it('opens the size of a value that grows from trip to trip', () => {
    const body = graph()
      .input('i', 'int64', [])
      .input('go', 'bool', [])
      .input('state', 'float32')
      .weights('row', [1, 4])
      .node('Concat', ['state', 'row'], { axis: 0n }, ['grown'])
      .output('go', 'bool')
      .output('grown')
      .buildGraph();
    const model = graph()
      .input('m', 'int64', [])
      .input('x', 'float32', [1, 4])
      .node('Loop', ['m', '', 'x'], { body }, ['y'])
      .build();
    expect(shapeIn(model, 'y')).toEqual([null, 4]);
  });

  it('slices the inputs of a scan and stacks its outputs', () => {
    const body = graph()
      .input('state', 'float32', [4])
      .input('row', 'float32', [4])
      .node('Add', ['state', 'row'], {}, ['sum'])
      .output('sum')
      .output('sum')
      .buildGraph();
    const model = graph()
      .input('start', 'float32', [4])
      .input('rows', 'float32', ['t', 4])
      .node('Scan', ['start', 'rows'], { body, num_scan_inputs: 1n }, ['last', 'sums'])
      .build();
    expect(shapeIn(model, 'last')).toEqual([4]);
    expect(shapeIn(model, 'sums')).toEqual(['t', 4]);
  });

  it('infers a call by the body of the function, with the attributes of the caller', () => {
    const reference = { ...makeAttribute('axis', 0n), type: 'reference' as const, value: 'where', kind: 2 };
    const definition = {
      name: 'Pair',
      domain: 'local',
      overload: '',
      inputs: ['a'],
      outputs: ['b'],
      attributeNames: ['where'],
      attributeDefaults: [],
      nodes: [{ ...makeNode('Concat', ['a', 'a'], ['b']), attributes: [reference] }],
      opsetImports: [{ domain: '', version: 21, unknown: [] }],
      valueInfos: [],
      docString: '',
      metadata: [],
      unknown: [],
    };
    const model = graph()
      .input('x', 'float32', ['n', 3])
      .node('Pair', ['x'], { where: 1n }, ['y'], { domain: 'local' })
      .build({ functions: [definition], domains: { local: 1 } });
    const inference = inferModel(model);
    expect(inference.values.get('y')?.shape).toEqual(['n', 6]);
    expect(costOfLayers(model, inference)[0]).toMatchObject({ known: true, macs: 0 });
    const endless = { ...definition, nodes: [makeNode('Pair', ['a'], ['b'], { domain: 'local' })] };
    expect(inferModel({ ...model, functions: [endless] }).problems[0]?.message).toContain('nested deeper');
  });
});

describe('bad graphs', () => {
  it('infers nodes that stand before the ones they need', () => {
    const ordered = graph().input('x', 'float32', [2, 3]).relu({ to: 'a' }).node('Transpose', ['a'], {}, ['b']).build();
    const model = { ...ordered, graph: { ...ordered.graph, nodes: ordered.graph.nodes.toReversed() } };
    expect(shapeIn(model, 'b')).toEqual([3, 2]);
  });

  it('leaves cycles and missing values open', () => {
    const nodes = [
      makeNode('Relu', ['b'], ['a']),
      makeNode('Relu', ['a'], ['b']),
      makeNode('Add', ['a', 'nothing'], ['c']),
    ];
    const inference = inferModel(makeModel(makeGraph({ nodes })));
    expect(inference.values.get('c')).toEqual({ dtype: undefined, shape: undefined });
  });

  it('does not read weights that shape arithmetic has no use for', () => {
    // its bytes are too few: reading it would be listed
    const bias = { ...makeTensor('bias', 'float32', [4], new Float32Array(4)), dims: [8] };
    const model = graph().input('x', 'float32', ['n', 8]).tensor(bias).node('Add', ['x', 'bias'], {}, ['y']).build();
    const inference = inferModel(model);
    expect(inference.problems).toEqual([]);
    expect(inference.values.get('y')?.shape).toEqual(['n', 8]);
  });

  it('lists a tensor that cannot be read', () => {
    const broken = { ...makeTensor('pads', 'int64', [2], BigInt64Array.of(1n, 1n)), dims: [2, 2] };
    const model = graph()
      .input('x', 'float32', [4])
      .tensor(broken)
      .node('Pad', ['x', 'pads'], {}, ['y'], { name: 'pad' })
      .build();
    expect(inferModel(model).problems).toMatchObject([{ code: 'INFERENCE_FAILED', layer: 'pad' }]);
  });

  it('never throws, whatever the operands, attributes and ranks', async () => {
    const { knownOperators } = await import('../../../../main/engine/operators/table.ts');
    const random = seededRandom(5);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const dims = [0, 1, 2, 3, 8, -1, 'n', 'm + 1', null];
    const attributes = [
      'axis',
      'axes',
      'perm',
      'kernel_shape',
      'pads',
      'strides',
      'group',
      'blocksize',
      'K',
      'num_heads',
      'to',
      'split',
      'hidden_size',
    ];
    for (let round = 0; round < 4000; round++) {
      const spec = pick(knownOperators());
      const builder = graph();
      const inputs = Array.from({ length: Math.floor(random() * 6) }, (_, index) => {
        const name = `i${index}`;
        if (random() < 0.1) return '';
        if (random() < 0.4) {
          const values = Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * 7) - 2);
          builder.initializer(name, pick(['int64', 'float32'] as const), [values.length], values);
        } else if (random() < 0.1) builder.input(name);
        else
          builder.input(
            name,
            pick(['float32', 'int64', 'uint8'] as const),
            Array.from({ length: Math.floor(random() * 5) }, () => pick(dims)),
          );
        return name;
      });
      const stated: Record<string, bigint | readonly bigint[] | string> = {};
      for (let count = 0; count < 3; count++) {
        const int = (): bigint => BigInt(Math.floor(random() * 9) - 3);
        stated[pick(attributes)] = random() < 0.5 ? int() : random() < 0.9 ? [int(), int()] : 'text';
      }
      builder.node(spec.opType, inputs, stated, ['y', 'z'], { domain: spec.domain });
      const model = builder.build({ opset: pick([1, 6, 9, 11, 13, 18, 21]), domains: { 'com.microsoft': 1 } });
      const inference = inferModel(model);
      costOfLayers(model, inference);
      const internal = inference.problems.filter((problem) => problem.code === 'INFERENCE_FAILED');
      expect(internal, `${spec.opType} ${JSON.stringify(internal)}`).toEqual([]);
    }
  });
});

describe('large graphs', () => {
  it('goes through a chain of 10,000 nodes with a symbolic batch', () => {
    const builder = graph().input('x', 'float32', ['batch', 8]);
    builder.weights('w', [8]);
    for (let index = 0; index < 5000; index++) builder.node('Add', [builder.current, 'w']).relu();
    const model = builder.output().build();
    const inference = inferModel(model);
    expect(inference.values.get(builder.current)?.shape).toEqual(['batch', 8]);
    expect(costOfLayers(model, inference)).toHaveLength(10_000);
  });
});
