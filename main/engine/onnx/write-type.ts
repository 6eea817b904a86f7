import type { Dim, TypeUnknown, ValueInfo, ValueType } from '../graph/ir.ts';
import { dtypeCode, type DType } from '../tensor/dtype.ts';
import type { ByteSink } from './byte-sink.ts';
import { encode } from './message.ts';
import {
  dimensionSchema,
  elementTypeSchema,
  mapTypeSchema,
  shapeSchema,
  tensorTypeSchema,
  typeSchema,
  valueInfoSchema,
} from './schema.ts';
import { textOrNothing, writeEntry } from './write-tensor.ts';

const NOTHING: TypeUnknown = { type: [], variant: [], shape: [], dims: new Map() };

type TensorType = Extract<ValueType, { readonly kind: 'tensor' | 'sparseTensor' }>;

function writeDim(dim: Dim, index: number, type: TensorType): ByteSink {
  const denotation = textOrNothing(type.dimDenotations?.[index] ?? '');
  const value = typeof dim === 'number' ? { dimValue: dim } : typeof dim === 'string' ? { dimParam: dim } : {};
  return encode(dimensionSchema, { ...value, denotation }, type.unknown?.dims.get(index));
}

function code(dtype: DType | undefined): number | undefined {
  return dtype === undefined ? undefined : dtypeCode(dtype);
}

function writeTensorType(type: TensorType, unknown: TypeUnknown): ByteSink {
  const shape =
    type.shape === undefined
      ? undefined
      : encode(shapeSchema, { dim: type.shape.map((dim, index) => writeDim(dim, index, type)) }, unknown.shape);
  return encode(tensorTypeSchema, { elemType: code(type.dtype), shape }, unknown.variant);
}

function writeOptionalType(type: ValueType | undefined): ByteSink | undefined {
  return type === undefined ? undefined : writeType(type);
}

export function writeType(type: ValueType): ByteSink {
  const unknown = type.unknown ?? NOTHING;
  const denotation = textOrNothing(type.denotation);
  const rest = unknown.type;
  switch (type.kind) {
    case 'tensor':
      return encode(typeSchema, { tensorType: writeTensorType(type, unknown), denotation }, rest);
    case 'sparseTensor':
      return encode(typeSchema, { sparseTensorType: writeTensorType(type, unknown), denotation }, rest);
    case 'sequence':
    case 'optional': {
      const variant = encode(elementTypeSchema, { elemType: writeOptionalType(type.element) }, unknown.variant);
      const key = type.kind === 'sequence' ? 'sequenceType' : 'optionalType';
      return encode(typeSchema, { [key]: variant, denotation }, rest);
    }
    case 'map': {
      const parts = { keyType: code(type.keyType), valueType: writeOptionalType(type.value) };
      return encode(typeSchema, { mapType: encode(mapTypeSchema, parts, unknown.variant), denotation }, rest);
    }
    case 'other':
      return encode(typeSchema, { denotation }, [type.encoded, ...rest]);
  }
}

export function writeValueInfo(info: ValueInfo): ByteSink {
  return encode(
    valueInfoSchema,
    {
      name: textOrNothing(info.name),
      type: writeOptionalType(info.type),
      docString: textOrNothing(info.docString),
      metadataProps: info.metadata.map(writeEntry),
    },
    info.unknown,
  );
}
