/** Constructors of IR objects with every field that is not given left empty. */
import { assert } from '../../base/errors.ts';
import { dtypeBits, type DType } from '../tensor/dtype.ts';
import { encodeElements } from '../tensor/encode.ts';
import type { NumericArray } from '../tensor/numeric.ts';
import { makeAttribute, type AttributeInput } from './attributes.ts';
import { elementCount } from './tensor-size.ts';
import type { Graph, Model, Node, Shape, Tensor, ValueInfo } from './ir.ts';

/** A tensor type as value info: `undefined` shape says that not even the rank is known. */
export function makeValueInfo(name: string, dtype: DType | undefined, shape: Shape | undefined): ValueInfo {
  const type = { kind: 'tensor', dtype, shape, denotation: '' } as const;
  return { name, type, docString: '', metadata: [], unknown: [] };
}

/** A tensor around raw little-endian bytes, which are kept as they are, not copied. */
export function makeRawTensor(name: string, dtype: DType, dims: readonly number[], bytes: Uint8Array): Tensor {
  return { name, dtype, dims, storage: { kind: 'raw', bytes }, docString: '', metadata: [], unknown: [] };
}

/**
 * A tensor of these values in raw storage. Floats are rounded half to even to the element type; values that already lie
 * as the type stores them are not copied, so do not modify them afterwards.
 * @throws INTERNAL when the count does not fit the dims, or an integer type cannot hold a value
 */
export function makeTensor(
  name: string,
  dtype: DType,
  dims: readonly number[],
  values: NumericArray | readonly string[],
): Tensor {
  const complex = dtype === 'complex64' || dtype === 'complex128';
  const expected = elementCount(dims) * (complex ? 2 : 1);
  assert(values.length === expected, `${dtype} [${dims.join(', ')}] needs ${expected} values, got ${values.length}`);
  if (dtype === 'string') {
    const encoder = new TextEncoder();
    const strings = Array.from<unknown, Uint8Array>(values, (value) => encoder.encode(String(value)));
    return { ...makeRawTensor(name, dtype, dims, new Uint8Array()), storage: { kind: 'strings', values: strings } };
  }
  assert(ArrayBuffer.isView(values), `${dtype} ('${name}') is made of numbers (${dtypeBits(dtype)} bits), got strings`);
  return makeRawTensor(name, dtype, dims, encodeElements(dtype, values));
}

/** What a node is made of; `attributes` by name, see `makeAttribute` for how types follow from values. */
export interface NodeParts {
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
}

/** A node without documentation or metadata. */
export function makeNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  parts: NodeParts = {},
): Node {
  const attributes = Object.entries(parts.attributes ?? {}).map(([name, input]) => makeAttribute(name, input));
  const { name = '', domain = '' } = parts;
  return { name, opType, domain, overload: '', inputs, outputs, attributes, docString: '', metadata: [], unknown: [] };
}

/** A graph; what is not given is empty. */
export function makeGraph(parts: Partial<Graph>): Graph {
  return {
    name: 'graph',
    docString: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
    valueInfos: [],
    quantizationAnnotations: [],
    metadata: [],
    unknown: [],
    ...parts,
  };
}

/** A model around a graph: IR version 10, opset 21 of the default domain unless given otherwise. */
export function makeModel(graph: Graph, parts: Partial<Omit<Model, 'graph'>> = {}): Model {
  return {
    irVersion: 10,
    opsetImports: [{ domain: '', version: 21, unknown: [] }],
    producerName: 'lapidary',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    metadata: [],
    functions: [],
    trainingInfo: [],
    unknown: [],
    graph,
    ...parts,
  };
}
