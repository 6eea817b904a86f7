import { StudioError } from '../../base/errors.ts';
import { typedFieldOf } from '../graph/field-data.ts';
import type { MetadataEntry, SparseTensor, Tensor, TensorStorage, TypedField } from '../graph/ir.ts';
import { dtypeFromCode, type DType } from '../tensor/dtype.ts';
import { bitsOf, decode, leftover, type Decoded } from './message.ts';
import { readEntry, type ReadContext } from './read-common.ts';
import { sparseTensorSchema, tensorSchema } from './schema.ts';
import { invalid, type Span } from './wire-reader.ts';

type TensorRecord = Decoded<typeof tensorSchema.table>;
type TensorKey = keyof typeof tensorSchema.table;

const EXTERNAL = 1;
const FIELD_KEYS = {
  float_data: 'floatData',
  int32_data: 'int32Data',
  int64_data: 'int64Data',
  double_data: 'doubleData',
  uint64_data: 'uint64Data',
} as const satisfies Readonly<Record<TypedField, TensorKey>>;
const bits = (...keys: readonly TensorKey[]): number => bitsOf(tensorSchema, keys);
/** What every tensor says of itself, and where its values may be. */
const HEAD_BITS = bits('name', 'docString', 'dims', 'dataType', 'metadataProps');
const LOCATION_BIT = bits('dataLocation');
const EXTERNAL_BITS = bits('externalData', 'dataLocation');
const STRING_BIT = bits('stringData');
const RAW_BIT = bits('rawData');
const FIELD_BITS = Object.fromEntries(Object.entries(FIELD_KEYS).map(([field, key]) => [field, bits(key)])) as Readonly<
  Record<TypedField, number>
>;
const FIELDS = Object.keys(FIELD_KEYS) as readonly TypedField[];

function readByteCount(entry: MetadataEntry, tensor: string): number {
  const count = /^\s*\d+\s*$/.test(entry.value) ? Number(entry.value) : NaN;
  if (Number.isSafeInteger(count)) return count;
  throw invalid(
    `Tensor '${tensor}': the ${entry.key} of its external data is '${entry.value}', expected a number of bytes`,
  );
}

function readExternal(record: TensorRecord, context: ReadContext): TensorStorage {
  const entries = record.externalData.map(readEntry);
  const find = (key: string): MetadataEntry | undefined => entries.findLast((entry) => entry.key === key);
  const name = record.name ?? '';
  const offset = find('offset');
  const length = find('length');
  return {
    kind: 'external',
    directory: context.directory,
    location: find('location')?.value ?? '',
    offset: offset === undefined ? 0 : readByteCount(offset, name),
    length: length === undefined ? undefined : readByteCount(length, name),
    extra: entries.filter(({ key }) => key !== 'location' && key !== 'offset' && key !== 'length'),
  };
}

/** The record's storage, and the bits of the fields that it was made from. */
function readStorage(
  record: TensorRecord,
  dtype: DType,
  context: ReadContext,
): { readonly storage: TensorStorage; readonly used: number } {
  if (record.dataLocation === EXTERNAL) {
    return { storage: readExternal(record, context), used: EXTERNAL_BITS };
  }
  if (dtype === 'string') return { storage: { kind: 'strings', values: record.stringData }, used: STRING_BIT };
  const present = (field: TypedField): boolean => (record[FIELD_KEYS[field]]?.length ?? 0) > 0;
  const own = typedFieldOf(dtype);
  const filled = own !== undefined && present(own) ? own : FIELDS.find(present);
  const raw = record.rawData;
  if (raw !== undefined && (raw.length > 0 || filled === undefined))
    return { storage: { kind: 'raw', bytes: raw }, used: RAW_BIT };
  if (filled !== undefined) {
    return {
      storage: { kind: 'field', field: filled, encoded: record[FIELD_KEYS[filled]]! },
      used: FIELD_BITS[filled],
    };
  }
  return { storage: { kind: 'raw', bytes: new Uint8Array() }, used: 0 };
}

/** @throws UNSUPPORTED for an element type that this version does not know */
export function readTensor(span: Span, context: ReadContext): Tensor {
  const record = decode(tensorSchema, span);
  const { name = '', docString = '', dims, dataType = 0 } = record;
  const dtype = dtypeFromCode(dataType);
  if (dtype === undefined) {
    throw new StudioError('UNSUPPORTED', `Tensor '${name}' has element type ${dataType}, expected 1 to 26`, {
      hint: 'The file is damaged, or newer than this version of the studio.',
    });
  }
  const { storage, used } = readStorage(record, dtype, context);
  // DEFAULT is the default: where it is written out, nothing is lost by leaving it out.
  const location = record.dataLocation === 0 ? LOCATION_BIT : 0;
  const unknown = leftover(tensorSchema, record, HEAD_BITS | used | location);
  return { name, dtype, dims, storage, docString, metadata: record.metadataProps.map(readEntry), unknown };
}

/** @throws ONNX_INVALID when values or indices are missing */
export function readSparseTensor(span: Span, context: ReadContext): SparseTensor {
  const { values, indices, dims, unknown } = decode(sparseTensorSchema, span);
  if (values === undefined || indices === undefined) {
    throw invalid(`A sparse tensor at byte ${span.start} has no ${values === undefined ? 'values' : 'indices'}`);
  }
  return { values: readTensor(values, context), indices: readTensor(indices, context), dims, unknown };
}
