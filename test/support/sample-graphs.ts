/** Small models that between them use every message of onnx.proto that we read; for round trips and fuzzing. */
import type { Attribute, FunctionDef, Model, Tensor, ValueType } from '../../main/engine/graph/ir.ts';
import { makeAttribute } from '../../main/engine/graph/attributes.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../../main/engine/graph/make.ts';
import type { DType } from '../../main/engine/tensor/dtype.ts';
import { graph } from './graph-builder.ts';

/** A small residual CNN: 6 nodes. */
export function smallCnn(): Model {
  return graph('cnn')
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: '/layer1/0/conv1/Conv', channels: 4, to: 'skip' })
    .relu({ name: '/layer1/0/relu/Relu' })
    .conv({ name: '/layer1/0/conv2/Conv', channels: 4 })
    .addTo('skip', { name: '/layer1/0/Add' })
    .globalAveragePool({ name: '/pool/GlobalAveragePool' })
    .flatten({ name: '/Flatten', to: 'y' })
    .output('y', 'float32', ['N', 4])
    .build();
}

const branch = (op: string) =>
  graph(op)
    .node(op, ['x', 'two'], {}, [`${op}_out`])
    .output(`${op}_out`, 'float32', [2])
    .buildGraph();

/** If with two branches that capture a value from outside. */
export function withBranches(): Model {
  return graph('branches')
    .input('condition', 'bool', [])
    .input('x', 'float32', [2])
    .initializer('two', 'float32', [], [2])
    .node('If', ['condition'], { then_branch: branch('Mul'), else_branch: branch('Add') }, ['y'], { name: 'choose' })
    .output('y', 'float32', [2])
    .build();
}

function double(): FunctionDef {
  const attribute: Attribute = { ...makeAttribute('alpha', 0.5), type: 'reference', value: 'slope', kind: 1 };
  return {
    name: 'Double',
    domain: 'test.functions',
    overload: 'a',
    inputs: ['a'],
    outputs: ['c'],
    attributeNames: ['kept'],
    attributeDefaults: [makeAttribute('slope', 0.25)],
    nodes: [makeNode('Add', ['a', 'a'], ['b']), { ...makeNode('LeakyRelu', ['b'], ['c']), attributes: [attribute] }],
    opsetImports: [{ domain: '', version: 21, unknown: [] }],
    valueInfos: [makeValueInfo('b', 'float32', ['N'])],
    docString: 'adds to itself',
    metadata: [{ key: 'origin', value: 'test' }],
    unknown: [],
  };
}

/** A function of the model's own, and a call of it. */
export function withFunction(): Model {
  const call = { ...makeNode('Double', ['x'], ['y'], { domain: 'test.functions' }), overload: 'a' };
  return graph('function')
    .input('x', 'float32', ['N'])
    .add(call)
    .output('y', 'float32', ['N'])
    .build({ functions: [double()], domains: { 'test.functions': 1 } });
}

const NUMERIC: readonly DType[] = [
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

function fieldTensor(name: string): Tensor {
  const encoded = Uint8Array.of(1, 0x80, 0x01, 3);
  return {
    ...makeTensor(name, 'int32', [3], Int32Array.of(0, 0, 0)),
    storage: { kind: 'field', field: 'int32_data', encoded },
  };
}

/** Every element type and every storage, sparse initializers, all value types, metadata, training info. */
export function withEverything(): Model {
  const tensors = NUMERIC.map((dtype) => makeTensor(`t_${dtype}`, dtype, [3], Float64Array.of(1, 1, 1)));
  const texts = makeTensor('texts', 'string', [2], ['eins', 'zwei ü']);
  const complex = makeTensor('complex', 'complex64', [1], Float32Array.of(1, 2));
  const external: Tensor = {
    ...makeTensor('external', 'float32', [0], Float32Array.of()),
    dims: [4],
    storage: {
      kind: 'external',
      directory: '',
      location: 'weights.bin',
      offset: 16,
      length: 16,
      extra: [{ key: 'checksum', value: 'abc' }],
    },
  };
  const sparse = {
    values: makeTensor('sparse', 'float32', [1], Float32Array.of(5)),
    indices: makeTensor('', 'int64', [1], BigInt64Array.of(2n)),
    dims: [4],
    unknown: [],
  };
  const tensorType: ValueType = {
    kind: 'tensor',
    dtype: 'float32',
    shape: ['N', 3, null],
    denotation: 'IMAGE',
    dimDenotations: ['DATA_BATCH', '', ''],
  };
  const types: readonly ValueType[] = [
    tensorType,
    { kind: 'sparseTensor', dtype: 'int8', shape: undefined, denotation: '' },
    { kind: 'sequence', element: tensorType, denotation: '' },
    { kind: 'optional', element: { kind: 'sequence', element: undefined, denotation: '' }, denotation: '' },
    { kind: 'map', keyType: 'string', value: tensorType, denotation: '' },
    { kind: 'other', encoded: Uint8Array.of(0x3a, 3, 0x0a, 1, 0x78), denotation: '' },
  ];
  const attributes: readonly Attribute[] = [
    makeAttribute('float', 0.5),
    makeAttribute('int', -3n),
    makeAttribute('string', 'text'),
    makeAttribute('floats', [1, 2.5]),
    makeAttribute('ints', [1n, -(2n ** 63n)]),
    makeAttribute('strings', ['a', '']),
    makeAttribute('tensor', texts),
    makeAttribute('graph', smallCnn().graph),
    { name: 'tensors', docString: 'two', unknown: [], type: 'tensors', value: [texts, complex] },
    { name: 'graphs', docString: '', unknown: [], type: 'graphs', value: [makeGraph({ name: 'inner' })] },
    { name: 'sparse', docString: '', unknown: [], type: 'sparseTensor', value: sparse },
    { name: 'sparses', docString: '', unknown: [], type: 'sparseTensors', value: [sparse] },
    { name: 'type', docString: '', unknown: [], type: 'typeProto', value: tensorType },
    { name: 'types', docString: '', unknown: [], type: 'typeProtos', value: types },
  ];
  const metadata = [{ key: 'k', value: 'v' }];
  const node = {
    ...makeNode('Everything', ['', 'x'], ['y'], { name: 'n', domain: 'test' }),
    attributes,
    docString: 'doc',
    metadata,
  };
  const main = makeGraph({
    name: 'everything',
    docString: 'doc',
    nodes: [node],
    initializers: [...tensors, texts, complex, external, fieldTensor('field')],
    sparseInitializers: [sparse],
    inputs: [makeValueInfo('x', 'float32', ['N', 3])],
    outputs: [makeValueInfo('y', undefined, undefined)],
    valueInfos: types.map((type, index) => ({ ...makeValueInfo(`v${index}`, undefined, undefined), type, metadata })),
    quantizationAnnotations: [Uint8Array.of(0x0a, 1, 0x78)],
    metadata,
  });
  return makeModel(main, {
    opsetImports: ['', 'test'].map((domain) => ({ domain, version: 21, unknown: [] })),
    producerVersion: '1.2',
    domain: 'org.test',
    modelVersion: 7n,
    docString: 'all of it',
    metadata,
    functions: [double()],
    trainingInfo: [Uint8Array.of(0x0a, 0)],
  });
}

/** All of the above, by name. */
export const SAMPLE_GRAPHS = { smallCnn, withBranches, withFunction, withEverything } as const;
