import type { Attribute, AttributeValue, FunctionDef, Graph, Node } from '../graph/ir.ts';
import { bitsOf, decode, leftover, type Decoded } from './message.ts';
import { readEntry, readOpset, type ReadContext } from './read-common.ts';
import { readSparseTensor, readTensor } from './read-tensor.ts';
import { readType, readValueInfo } from './read-type.ts';
import { ATTRIBUTE_TYPES, attributeSchema, functionSchema, graphSchema, nodeSchema } from './schema.ts';
import { invalid, type Span } from './wire-reader.ts';

type AttributeRecord = Decoded<typeof attributeSchema.table>;
type AttributeKey = keyof typeof attributeSchema.table;
type ValueKind = keyof typeof ATTRIBUTE_TYPES;

/** The field that holds the value of each type. */
const VALUE_KEYS = {
  float: 'f',
  int: 'i',
  string: 's',
  tensor: 't',
  graph: 'g',
  floats: 'floats',
  ints: 'ints',
  strings: 'strings',
  tensors: 'tensors',
  graphs: 'graphs',
  sparseTensor: 'sparseTensor',
  sparseTensors: 'sparseTensors',
  typeProto: 'tp',
  typeProtos: 'typeProtos',
} as const satisfies Readonly<Record<ValueKind, AttributeKey>>;
/** What every attribute says of itself, and with each type of value. */
const HEAD_BITS = bitsOf(attributeSchema, ['name', 'docString', 'type', 'refAttrName']);
const KINDS = Object.keys(VALUE_KEYS) as readonly ValueKind[];
const KIND_BY_CODE = new Map<number, ValueKind>(KINDS.map((kind) => [ATTRIBUTE_TYPES[kind], kind]));

const BITS = Object.fromEntries(
  KINDS.map((kind) => [kind, HEAD_BITS | bitsOf(attributeSchema, [VALUE_KEYS[kind]])]),
) as Readonly<Record<ValueKind, number>>;

/** Before IR version 2 attributes said no type: the field that is filled tells it. */
function guessKind(record: AttributeRecord): ValueKind {
  const isFilled = (kind: ValueKind): boolean => {
    const value = record[VALUE_KEYS[kind]];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  return KINDS.find(isFilled) ?? 'ints';
}

function present(span: Span | undefined, record: AttributeRecord): Span {
  if (span !== undefined) return span;
  throw invalid(`Attribute '${record.name ?? ''}' says that it has a value of type ${record.type ?? 0}, and has none`);
}

function readValue(kind: ValueKind, record: AttributeRecord, context: ReadContext): AttributeValue {
  switch (kind) {
    // Writers of protobuf 3 leave out values that are zero or empty.
    case 'float':
      return { type: kind, value: record.f ?? 0 };
    case 'int':
      return { type: kind, value: record.i ?? 0n };
    case 'string':
      return { type: kind, value: record.s ?? new Uint8Array() };
    case 'tensor':
      return { type: kind, value: readTensor(present(record.t, record), context) };
    case 'graph':
      return { type: kind, value: readGraph(present(record.g, record), context) };
    case 'sparseTensor':
      return { type: kind, value: readSparseTensor(present(record.sparseTensor, record), context) };
    case 'typeProto':
      return { type: kind, value: readType(present(record.tp, record)) };
    case 'floats':
      return { type: kind, value: record.floats };
    case 'ints':
      return { type: kind, value: record.ints };
    case 'strings':
      return { type: kind, value: record.strings };
    case 'tensors':
      return { type: kind, value: record.tensors.map((span) => readTensor(span, context)) };
    case 'graphs':
      return { type: kind, value: record.graphs.map((span) => readGraph(span, context)) };
    case 'sparseTensors':
      return { type: kind, value: record.sparseTensors.map((span) => readSparseTensor(span, context)) };
    case 'typeProtos':
      return { type: kind, value: record.typeProtos.map(readType) };
  }
}

function readAttribute(span: Span, context: ReadContext): Attribute {
  const record = decode(attributeSchema, span);
  const { name = '', docString = '', type = 0, refAttrName = '' } = record;
  const kind = KIND_BY_CODE.get(type);
  // A type that is not known yet is kept as a reference to nothing, its value with the unknown fields.
  if (refAttrName !== '' || (kind === undefined && type !== 0)) {
    const unknown = leftover(attributeSchema, record, HEAD_BITS);
    return { name, docString, type: 'reference', value: refAttrName, kind: type, unknown };
  }
  const valueKind = kind ?? guessKind(record);
  const unknown = leftover(attributeSchema, record, BITS[valueKind]);
  return { name, docString, unknown, ...readValue(valueKind, record, context) };
}

function readNode(span: Span, context: ReadContext): Node {
  const record = decode(nodeSchema, span);
  return {
    name: record.name ?? '',
    opType: record.opType ?? '',
    domain: record.domain ?? '',
    overload: record.overload ?? '',
    inputs: record.input,
    outputs: record.output,
    attributes: record.attribute.map((attribute) => readAttribute(attribute, context)),
    docString: record.docString ?? '',
    metadata: record.metadataProps.map(readEntry),
    unknown: record.unknown,
  };
}

export function readGraph(span: Span, context: ReadContext): Graph {
  const record = decode(graphSchema, span);
  return {
    name: record.name ?? '',
    docString: record.docString ?? '',
    nodes: record.node.map((node) => readNode(node, context)),
    initializers: record.initializer.map((tensor) => readTensor(tensor, context)),
    sparseInitializers: record.sparseInitializer.map((tensor) => readSparseTensor(tensor, context)),
    inputs: record.input.map(readValueInfo),
    outputs: record.output.map(readValueInfo),
    valueInfos: record.valueInfo.map(readValueInfo),
    quantizationAnnotations: record.quantizationAnnotation,
    metadata: record.metadataProps.map(readEntry),
    unknown: record.unknown,
  };
}

export function readFunction(span: Span, context: ReadContext): FunctionDef {
  const record = decode(functionSchema, span);
  return {
    name: record.name ?? '',
    domain: record.domain ?? '',
    overload: record.overload ?? '',
    inputs: record.input,
    outputs: record.output,
    attributeNames: record.attribute,
    attributeDefaults: record.attributeProto.map((attribute) => readAttribute(attribute, context)),
    nodes: record.node.map((node) => readNode(node, context)),
    opsetImports: record.opsetImport.map(readOpset),
    valueInfos: record.valueInfo.map(readValueInfo),
    docString: record.docString ?? '',
    metadata: record.metadataProps.map(readEntry),
    unknown: record.unknown,
  };
}
