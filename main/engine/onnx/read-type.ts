import type { Dim, Shape, TypeUnknown, UnknownFields, ValueInfo, ValueType } from '../graph/ir.ts';
import { dtypeFromCode, type DType } from '../tensor/dtype.ts';
import { bitsOf, decode, encode, leftover } from './message.ts';
import { readEntry } from './read-common.ts';
import {
  dimensionSchema,
  elementTypeSchema,
  mapTypeSchema,
  shapeSchema,
  tensorTypeSchema,
  typeSchema,
  valueInfoSchema,
} from './schema.ts';
import { ByteSink } from './byte-sink.ts';
import { joinBytes, viewOf, type Span } from './wire-reader.ts';

const TENSOR_BITS = bitsOf(tensorTypeSchema, ['elemType', 'shape']);
const SHAPE_BIT = bitsOf(tensorTypeSchema, ['shape']);
const MAP_BITS = bitsOf(mapTypeSchema, ['keyType', 'valueType']);
const VALUE_BIT = bitsOf(mapTypeSchema, ['valueType']);

/** The mutable twin of TypeUnknown, filled while a type is read. */
interface Unknowns {
  type: UnknownFields;
  variant: UnknownFields;
  shape: UnknownFields;
  readonly dims: Map<number, UnknownFields>;
}

type Variant = ValueType extends infer T ? (T extends ValueType ? Omit<T, 'denotation' | 'unknown'> : never) : never;

function readShape(span: Span, unknowns: Unknowns): { readonly shape: Shape; readonly denotations: readonly string[] } {
  const { dim: dims, unknown } = decode(shapeSchema, span);
  unknowns.shape = unknown;
  const denotations: string[] = [];
  const shape = dims.map((dimSpan, index): Dim => {
    const { dimValue, dimParam, denotation = '', unknown: rest } = decode(dimensionSchema, dimSpan);
    if (rest.length > 0) unknowns.dims.set(index, rest);
    denotations.push(denotation);
    if (dimValue !== undefined) return dimValue;
    return dimParam === undefined || dimParam === '' ? null : dimParam;
  });
  return { shape, denotations };
}

/** Types of elements are numbers on the wire; one that is not known yet is kept with the unknown fields. */
function readDtype(code: number | undefined): { readonly dtype: DType | undefined; readonly known: boolean } {
  const dtype = dtypeFromCode(code ?? 0);
  return { dtype, known: dtype !== undefined || code === undefined };
}

function readTensorType(kind: 'tensor' | 'sparseTensor', span: Span, unknowns: Unknowns): Variant {
  const record = decode(tensorTypeSchema, span);
  const { dtype, known } = readDtype(record.elemType);
  unknowns.variant = leftover(tensorTypeSchema, record, known ? TENSOR_BITS : SHAPE_BIT);
  if (record.shape === undefined) return { kind, dtype, shape: undefined };
  const { shape, denotations } = readShape(record.shape, unknowns);
  if (denotations.every((text) => text === '')) return { kind, dtype, shape };
  return { kind, dtype, shape, dimDenotations: denotations };
}

function readElementType(kind: 'sequence' | 'optional', span: Span, unknowns: Unknowns): Variant {
  const { elemType, unknown } = decode(elementTypeSchema, span);
  unknowns.variant = unknown;
  return { kind, element: elemType === undefined ? undefined : readType(elemType) };
}

function readMapType(span: Span, unknowns: Unknowns): Variant {
  const record = decode(mapTypeSchema, span);
  const { dtype, known } = readDtype(record.keyType);
  unknowns.variant = leftover(mapTypeSchema, record, known ? MAP_BITS : VALUE_BIT);
  return {
    kind: 'map',
    keyType: dtype,
    value: record.valueType === undefined ? undefined : readType(record.valueType),
  };
}

function readOpaque(span: Span | undefined): Variant {
  if (span === undefined) return { kind: 'other', encoded: new Uint8Array() };
  const opaqueType = new ByteSink();
  opaqueType.raw(viewOf(span.buffer, span.start, span.end));
  return { kind: 'other', encoded: joinBytes(encode(typeSchema, { opaqueType }).finish()) };
}

export function readType(span: Span): ValueType {
  const record = decode(typeSchema, span);
  const unknowns: Unknowns = { type: record.unknown, variant: [], shape: [], dims: new Map() };
  const { tensorType, sparseTensorType, sequenceType, optionalType, mapType, opaqueType, denotation = '' } = record;
  const variant = tensorType
    ? readTensorType('tensor', tensorType, unknowns)
    : sparseTensorType
      ? readTensorType('sparseTensor', sparseTensorType, unknowns)
      : sequenceType
        ? readElementType('sequence', sequenceType, unknowns)
        : optionalType
          ? readElementType('optional', optionalType, unknowns)
          : mapType
            ? readMapType(mapType, unknowns)
            : readOpaque(opaqueType);
  return isEmpty(unknowns) ? { ...variant, denotation } : { ...variant, denotation, unknown: unknowns };
}

function isEmpty(unknowns: TypeUnknown): boolean {
  return unknowns.type.length + unknowns.variant.length + unknowns.shape.length + unknowns.dims.size === 0;
}

export function readValueInfo(span: Span): ValueInfo {
  const { name = '', type, docString = '', metadataProps, unknown } = decode(valueInfoSchema, span);
  return {
    name,
    type: type === undefined ? undefined : readType(type),
    docString,
    metadata: metadataProps.map(readEntry),
    unknown,
  };
}
