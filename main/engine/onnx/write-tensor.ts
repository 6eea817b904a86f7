import type { MetadataEntry, SparseTensor, Tensor, TensorStorage } from '../graph/ir.ts';
import { dtypeCode } from '../tensor/dtype.ts';
import type { ByteSink } from './byte-sink.ts';
import { encode, type Encodable } from './message.ts';
import { entrySchema, sparseTensorSchema, tensorSchema } from './schema.ts';

/** Empty texts are left out, as all writers of ONNX do. */
export function textOrNothing(value: string): string | undefined {
  return value === '' ? undefined : value;
}

export function writeEntry({ key, value, unknown }: MetadataEntry): ByteSink {
  return encode(entrySchema, { key, value }, unknown);
}

type TensorFields = Encodable<typeof tensorSchema.table>;

const EXTERNAL = 1;

function writeStorage(storage: TensorStorage): TensorFields {
  switch (storage.kind) {
    case 'raw':
      return { rawData: storage.bytes };
    case 'strings':
      return { stringData: storage.values };
    case 'field':
      return {
        float_data: { floatData: storage.encoded },
        int32_data: { int32Data: storage.encoded },
        int64_data: { int64Data: storage.encoded },
        double_data: { doubleData: storage.encoded },
        uint64_data: { uint64Data: storage.encoded },
      }[storage.field];
    case 'external': {
      const { location, offset, length, extra } = storage;
      const entries: MetadataEntry[] = [{ key: 'location', value: location }];
      if (offset > 0) entries.push({ key: 'offset', value: String(offset) });
      if (length !== undefined) entries.push({ key: 'length', value: String(length) });
      return { externalData: [...entries, ...extra].map(writeEntry), dataLocation: EXTERNAL };
    }
  }
}

export function writeTensor(tensor: Tensor): ByteSink {
  return encode(
    tensorSchema,
    {
      dims: tensor.dims,
      dataType: dtypeCode(tensor.dtype),
      name: textOrNothing(tensor.name),
      docString: textOrNothing(tensor.docString),
      metadataProps: tensor.metadata.map(writeEntry),
      ...writeStorage(tensor.storage),
    },
    tensor.unknown,
  );
}

export function writeSparseTensor({ values, indices, dims, unknown }: SparseTensor): ByteSink {
  return encode(sparseTensorSchema, { values: writeTensor(values), indices: writeTensor(indices), dims }, unknown);
}
