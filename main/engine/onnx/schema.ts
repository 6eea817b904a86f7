/**
 * The messages of onnx.proto (IR version 13). Device configurations (ModelProto 26, NodeProto 10) and
 * TensorProto.segment are not listed: they are carried as unknown fields.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { field, schema } from './message.ts';

export const entrySchema = schema('StringStringEntryProto', { key: field.text(1), value: field.text(2) });

export const opsetSchema = schema('OperatorSetIdProto', { domain: field.text(1), version: field.int(2) });

export const tensorSchema = schema('TensorProto', {
  dims: field.ints(1),
  dataType: field.int(2),
  floatData: field.packed32(4),
  int32Data: field.packedVarint(5),
  stringData: field.byteses(6),
  int64Data: field.packedVarint(7),
  name: field.text(8),
  rawData: field.bytes(9),
  doubleData: field.packed64(10),
  uint64Data: field.packedVarint(11),
  docString: field.text(12),
  externalData: field.messages(13),
  dataLocation: field.int(14),
  metadataProps: field.messages(16),
});

export const sparseTensorSchema = schema('SparseTensorProto', {
  values: field.message(1),
  indices: field.message(2),
  dims: field.ints(3),
});

export const dimensionSchema = schema('TensorShapeProto.Dimension', {
  dimValue: field.int(1, 'value'),
  dimParam: field.text(2, 'value'),
  denotation: field.text(3),
});

export const shapeSchema = schema('TensorShapeProto', { dim: field.messages(1) });

/** TypeProto.Tensor and TypeProto.SparseTensor. */
export const tensorTypeSchema = schema('TypeProto.Tensor', { elemType: field.int(1), shape: field.message(2) });

/** TypeProto.Sequence and TypeProto.Optional. */
export const elementTypeSchema = schema('TypeProto.Sequence', { elemType: field.message(1) });

export const mapTypeSchema = schema('TypeProto.Map', { keyType: field.int(1), valueType: field.message(2) });

export const typeSchema = schema('TypeProto', {
  tensorType: field.message(1, 'value'),
  sequenceType: field.message(4, 'value'),
  mapType: field.message(5, 'value'),
  denotation: field.text(6),
  opaqueType: field.message(7, 'value'),
  sparseTensorType: field.message(8, 'value'),
  optionalType: field.message(9, 'value'),
});

export const valueInfoSchema = schema('ValueInfoProto', {
  name: field.text(1),
  type: field.message(2),
  docString: field.text(3),
  metadataProps: field.messages(4),
});

export const attributeSchema = schema('AttributeProto', {
  name: field.text(1),
  f: field.float(2),
  i: field.int64(3),
  s: field.bytes(4),
  t: field.message(5),
  g: field.message(6),
  floats: field.floats(7),
  ints: field.int64s(8),
  strings: field.byteses(9),
  tensors: field.messages(10),
  graphs: field.messages(11),
  docString: field.text(13),
  tp: field.message(14),
  typeProtos: field.messages(15),
  type: field.int(20),
  refAttrName: field.text(21),
  sparseTensor: field.message(22),
  sparseTensors: field.messages(23),
});

export const nodeSchema = schema('NodeProto', {
  input: field.texts(1),
  output: field.texts(2),
  name: field.text(3),
  opType: field.text(4),
  attribute: field.messages(5),
  docString: field.text(6),
  domain: field.text(7),
  overload: field.text(8),
  metadataProps: field.messages(9),
});

export const graphSchema = schema('GraphProto', {
  node: field.messages(1),
  name: field.text(2),
  initializer: field.messages(5),
  docString: field.text(10),
  input: field.messages(11),
  output: field.messages(12),
  valueInfo: field.messages(13),
  quantizationAnnotation: field.byteses(14),
  sparseInitializer: field.messages(15),
  metadataProps: field.messages(16),
});

export const functionSchema = schema('FunctionProto', {
  name: field.text(1),
  input: field.texts(4),
  output: field.texts(5),
  attribute: field.texts(6),
  node: field.messages(7),
  docString: field.text(8),
  opsetImport: field.messages(9),
  domain: field.text(10),
  attributeProto: field.messages(11),
  valueInfo: field.messages(12),
  overload: field.text(13),
  metadataProps: field.messages(14),
});

export const modelSchema = schema('ModelProto', {
  irVersion: field.int(1),
  producerName: field.text(2),
  producerVersion: field.text(3),
  domain: field.text(4),
  modelVersion: field.int64(5),
  docString: field.text(6),
  graph: field.message(7),
  opsetImport: field.messages(8),
  metadataProps: field.messages(14),
  trainingInfo: field.byteses(20),
  functions: field.messages(25),
});

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const;
