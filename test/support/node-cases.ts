/**
 * Cases of ONNX's backend node suite written small, each a line of JSON: the graph by operators, attributes and types, what must
 * come out by type and shape alone, and those inputs' values that shapes depend on.
 * `{"name":"test_add","opset":14,"inputs":{"x":"float32 3,4","y":"float32 4"},"nodes":["Add x,y>sum"],"outputs":{"sum":"float32 3,4"}}`
 */
import type {
  AttributeValue,
  Graph,
  Model,
  Node,
  Shape,
  Tensor,
  ValueInfo,
  ValueType,
} from '../../main/engine/graph/ir.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../../main/engine/graph/make.ts';
import { tensorBytes, tensorStrings, tensorValues } from '../../main/engine/graph/tensor-data.ts';
import { readConstant, type ConstantValue } from '../../main/engine/operators/constant.ts';
import type { DType } from '../../main/engine/tensor/dtype.ts';
import type { ExpectedOutput } from './node-suite.ts';

/** Numbers; as text where JSON has none for them: beyond 2⁵³, or not finite. Of type uint8: all in base64. */
type Elements = string | readonly (number | string)[];
/** By name: "float32 3,4", "int64" (a scalar), "float32 *" (no rank), "sequence(float32 ?,4)". */
type Types = Readonly<Record<string, string>>;
type Attributes = Readonly<Record<string, SmallAttribute>>;
/** Integers, text and lists of them as they are; others under the name of their kind, tensors under their type. */
type SmallAttribute = number | string | Elements | Readonly<Record<string, number | string | Elements | SmallGraph>>;
/** "domain::Operator input,,input>output,output". */
type SmallNode = string | readonly [string, Attributes];

interface SmallGraph {
  readonly inputs: Types;
  readonly initializers?: Readonly<Record<string, readonly [string, Elements]>>;
  readonly nodes: readonly SmallNode[];
  readonly outputs: Types;
}

/** One line of the file. */
interface SmallCase extends Omit<SmallGraph, 'nodes'> {
  readonly name: string;
  /** The name of a case before: the same nodes. */
  readonly nodes: string | readonly SmallNode[];
  /** Version of the default domain, or by domain. */
  readonly opset: number | Readonly<Record<string, number>>;
  /** Of inputs that shapes depend on. */
  readonly values?: Readonly<Record<string, readonly [string, Elements]>>;
}

export interface WrittenCase {
  readonly name: string;
  readonly model: Model;
  readonly expected: readonly ExpectedOutput[];
  /** Inputs whose values are kept. */
  readonly values: ReadonlyMap<string, Tensor>;
}

/** All cases as the text of the file. */
export function writeCases(cases: Iterable<WrittenCase>): string {
  const first = new Map<string, string>();
  const lines: string[] = [];
  for (const written of cases) {
    const small = writeCase(written);
    const nodes = JSON.stringify(small.nodes);
    const same = first.get(nodes);
    if (same === undefined) first.set(nodes, written.name);
    lines.push(JSON.stringify(same === undefined ? small : { ...small, nodes: same }));
  }
  return `${lines.join('\n')}\n`;
}

function writeCase({ name, model, expected, values }: WrittenCase): SmallCase {
  const imports = model.opsetImports.map(({ domain, version }) => [domain, version] as const);
  const only = imports.length === 1 && imports[0]![0] === '' ? imports[0]![1] : undefined;
  const graph = writeGraph(model.graph, shortNames(model.graph));
  const outputs = Object.entries(graph.outputs).map(([output, type], at) => {
    const must = expected[at] ?? null;
    return [output, must === null ? type : writeType(must.dtype, must.dims)] as const;
  });
  return {
    name,
    opset: only ?? Object.fromEntries(imports),
    ...graph,
    outputs: Object.fromEntries(outputs),
    ...(values.size === 0 ? {} : { values: writeTensors(values) }),
  };
}

export interface ReadCase {
  readonly name: string;
  /** Without stated shapes inside. */
  readonly model: Model;
  readonly expected: readonly ExpectedOutput[];
  readonly values: ReadonlyMap<string, ConstantValue>;
}

/** Every case of such a text. */
export function readCases(text: string): readonly ReadCase[] {
  const nodes = new Map<string, readonly SmallNode[]>();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const small = JSON.parse(line) as SmallCase;
      const own = typeof small.nodes === 'string' ? nodes.get(small.nodes)! : small.nodes;
      nodes.set(small.name, own);
      return readCase(small, own);
    });
}

function readCase(small: SmallCase, nodes: readonly SmallNode[]): ReadCase {
  const versions = typeof small.opset === 'number' ? { '': small.opset } : small.opset;
  const graph = readGraph({ ...small, nodes });
  const model = makeModel(graph, {
    opsetImports: Object.entries(versions).map(([domain, version]) => ({ domain, version, unknown: [] })),
  });
  const expected = graph.outputs.map(({ type }): ExpectedOutput => {
    if (type?.kind !== 'tensor' || type.dtype === undefined || type.shape === undefined) return null;
    return { dtype: type.dtype, dims: type.shape as readonly number[] };
  });
  const values = new Map<string, ConstantValue>();
  for (const tensor of readTensors(small.values ?? {})) values.set(tensor.name, readConstant(tensor)!);
  return { name: small.name, model, expected, values };
}

/** Values between the graph's inputs and outputs are numbered: their names say what they are for, at length. */
function shortNames({ inputs, outputs }: Graph): (value: string) => string {
  const short = new Map([...inputs, ...outputs].map(({ name }) => [name, name]));
  return (value) => {
    const known = short.get(value);
    if (known !== undefined || value === '') return known ?? '';
    const made = `%${short.size}`;
    short.set(value, made);
    return made;
  };
}

function writeGraph(graph: Graph, short: (value: string) => string): SmallGraph {
  const types = (infos: readonly ValueInfo[]): Types =>
    Object.fromEntries(infos.map(({ name, type }) => [short(name), type === undefined ? '' : writeValueType(type)]));
  const stored = new Map(graph.initializers.map((tensor) => [short(tensor.name), tensor]));
  return {
    inputs: types(graph.inputs),
    ...(stored.size === 0 ? {} : { initializers: writeTensors(stored) }),
    nodes: graph.nodes.map((node) => writeNode(node, short)),
    outputs: types(graph.outputs),
  };
}

function readGraph({ inputs, initializers = {}, nodes, outputs }: SmallGraph): Graph {
  const infos = (types: Types): ValueInfo[] =>
    Object.entries(types).map(([name, text]) => ({
      ...makeValueInfo(name, undefined, undefined),
      type: text === '' ? undefined : readValueType(text),
    }));
  return makeGraph({
    inputs: infos(inputs),
    initializers: readTensors(initializers),
    nodes: nodes.map(readNode),
    outputs: infos(outputs),
  });
}

function writeNode(node: Node, short: (value: string) => string): SmallNode {
  const operator = node.domain === '' ? node.opType : `${node.domain}::${node.opType}`;
  const text = `${operator} ${node.inputs.map(short).join()}>${node.outputs.map(short).join()}`;
  const attributes = node.attributes.map((attribute) => [attribute.name, writeAttribute(attribute, short)] as const);
  return attributes.length === 0 ? text : [text, Object.fromEntries(attributes)];
}

function readNode(small: SmallNode): Node {
  const [text, attributes] = typeof small === 'string' ? [small, {}] : small;
  const [operator = '', inputs = '', outputs = ''] = text.split(/[ >]/);
  const [domain, opType] = operator.includes('::') ? operator.split('::') : ['', operator];
  const node = makeNode(opType!, inputs === '' ? [] : inputs.split(','), outputs.split(','), { domain: domain! });
  return {
    ...node,
    attributes: Object.entries(attributes).map(([name, value]) => ({
      name,
      docString: '',
      unknown: [],
      ...readAttribute(value),
    })),
  };
}

const utf8 = new TextDecoder();
const encoder = new TextEncoder();

function writeAttribute(attribute: AttributeValue, short: (value: string) => string): SmallAttribute {
  switch (attribute.type) {
    case 'int':
      return writeInt(attribute.value);
    case 'ints':
      return attribute.value.map(writeInt);
    case 'float':
      return { float: writeFloat(attribute.value) };
    case 'floats':
      return { floats: attribute.value.map(writeFloat) };
    case 'string':
      return { string: utf8.decode(attribute.value) };
    case 'strings':
      return { strings: attribute.value.map((bytes) => utf8.decode(bytes)) };
    case 'tensor':
      return { [writeType(attribute.value.dtype, attribute.value.dims)]: writeElements(attribute.value) };
    case 'graph':
      return { graph: writeGraph(attribute.value, short) };
    case 'typeProto':
      return { type: writeValueType(attribute.value) };
    default:
      throw new Error(`attributes of type ${attribute.type} have no small form`);
  }
}

function readAttribute(small: SmallAttribute): AttributeValue {
  if (Array.isArray(small)) return { type: 'ints', value: small.map(BigInt) };
  if (typeof small !== 'object') return { type: 'int', value: BigInt(small) };
  const [[kind, value] = ['', '']] = Object.entries(small);
  switch (kind) {
    case 'float':
      return { type: 'float', value: Number(value) };
    case 'floats':
      return { type: 'floats', value: (value as readonly string[]).map(Number) };
    case 'string':
      return { type: 'string', value: encoder.encode(String(value)) };
    case 'strings':
      return { type: 'strings', value: (value as readonly string[]).map((text) => encoder.encode(text)) };
    case 'graph':
      return { type: 'graph', value: readGraph(value as unknown as SmallGraph) };
    case 'type':
      return { type: 'typeProto', value: readValueType(String(value)) };
    default:
      return { type: 'tensor', value: readTensor('', kind, value as Elements) };
  }
}

function writeTensors(tensors: ReadonlyMap<string, Tensor>): Readonly<Record<string, readonly [string, Elements]>> {
  return Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, [writeType(tensor.dtype, tensor.dims), writeElements(tensor)]]),
  );
}

function readTensors(tensors: NonNullable<SmallCase['values']>): Tensor[] {
  return Object.entries(tensors).map(([name, [type, elements]]) => readTensor(name, type, elements));
}

function writeElements(tensor: Tensor): Elements {
  if (tensor.dtype === 'string') return tensorStrings(tensor);
  if (tensor.dtype === 'uint8') return Buffer.from(tensorBytes(tensor)).toString('base64');
  return Array.from<number | bigint, number | string>(tensorValues(tensor), (value) =>
    typeof value === 'bigint' ? writeInt(value) : tensor.dtype === 'float64' ? writeNumber(value) : writeFloat(value),
  );
}

function readTensor(name: string, text: string, elements: Elements): Tensor {
  const { dtype, shape } = readTensorType(text);
  const dims = shape as readonly number[];
  if (typeof elements === 'string')
    return makeTensor(name, dtype, dims, new Uint8Array(Buffer.from(elements, 'base64')));
  if (dtype === 'string') return makeTensor(name, dtype, dims, elements.map(String));
  if (dtype === 'int64') return makeTensor(name, dtype, dims, BigInt64Array.from(elements, BigInt));
  if (dtype === 'uint64') return makeTensor(name, dtype, dims, BigUint64Array.from(elements, BigInt));
  return makeTensor(name, dtype, dims, Float64Array.from(elements, Number));
}

function writeInt(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that is rounded to this float32. */
function writeFloat(value: number): number | string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return writeNumber(short);
  }
  return writeNumber(Number(value.toPrecision(9)));
}

function writeType(dtype: DType | undefined, shape: Shape | undefined): string {
  const sizes = shape === undefined ? '*' : shape.map((dim) => dim ?? '?').join();
  return `${dtype} ${sizes}`.trim();
}

function writeValueType(type: ValueType): string {
  if (type.kind === 'tensor') return writeType(type.dtype, type.shape);
  if (type.kind === 'sequence' || type.kind === 'optional') {
    return `${type.kind}(${type.element === undefined ? '' : writeValueType(type.element)})`;
  }
  throw new Error(`types of kind ${type.kind} have no small form`);
}

function readValueType(text: string): ValueType {
  const held = /^(sequence|optional)\((.*)\)$/.exec(text);
  if (held === null) return { kind: 'tensor', ...readTensorType(text), denotation: '' };
  const [, kind, element = ''] = held;
  return {
    kind: kind as 'sequence' | 'optional',
    element: element === '' ? undefined : readValueType(element),
    denotation: '',
  };
}

function readTensorType(text: string): { readonly dtype: DType; readonly shape: Shape | undefined } {
  const [dtype, sizes] = text.split(' ') as [DType, string | undefined];
  if (sizes === '*') return { dtype, shape: undefined };
  const dim = (size: string): Shape[number] => (size === '?' ? null : /^\d+$/.test(size) ? Number(size) : size);
  return { dtype, shape: sizes === undefined ? [] : sizes.split(',').map(dim) };
}
