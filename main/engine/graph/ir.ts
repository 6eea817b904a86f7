/**
 * The intermediate representation: a lossless, immutable picture of an ONNX `ModelProto`. Readers build it, passes return
 * new objects that share what did not change, the writer turns it back into bytes. Weights are never held as JavaScript
 * numbers here: a tensor's storage is a view on the file's bytes, or says where the bytes lie.
 *
 * Names follow onnx.proto. Strings that are absent on the wire are '' here.
 */
import type { DType } from '../tensor/dtype.ts';

/** Fields that this version of the schema does not know: raw wire bytes (tag included), written back as they came. */
export type UnknownFields = readonly Uint8Array[];

/** A dimension: its size, the name of a symbolic one ("batch"), or null when nothing is said about it. */
export type Dim = number | string | null;
export type Shape = readonly Dim[];

export interface OpsetImport {
  /** '' is the default domain, ai.onnx. */
  readonly domain: string;
  readonly version: number;
  readonly unknown: UnknownFields;
}

export interface MetadataEntry {
  readonly key: string;
  readonly value: string;
  readonly unknown?: UnknownFields;
}

export interface Model {
  readonly irVersion: number;
  readonly opsetImports: readonly OpsetImport[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  /** `TrainingInfoProto` messages, kept encoded. */
  readonly trainingInfo: readonly Uint8Array[];
  readonly unknown: UnknownFields;
}

export interface Graph {
  readonly name: string;
  readonly docString: string;
  /** In the file's order, which ONNX requires to be topological. */
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly sparseInitializers: readonly SparseTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfos: readonly ValueInfo[];
  /** `TensorAnnotation` messages, kept encoded. */
  readonly quantizationAnnotations: readonly Uint8Array[];
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: UnknownFields;
}

export interface Node {
  readonly name: string;
  readonly opType: string;
  /** '' is the default domain, ai.onnx. */
  readonly domain: string;
  readonly overload: string;
  /** '' marks an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: UnknownFields;
}

export type AttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  /** Bytes, since ONNX does not promise UTF-8 here. */
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'sparseTensor'; readonly value: SparseTensor }
  | { readonly type: 'typeProto'; readonly value: ValueType }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  | { readonly type: 'sparseTensors'; readonly value: readonly SparseTensor[] }
  | { readonly type: 'typeProtos'; readonly value: readonly ValueType[] }
  /** Inside a function: the value comes from the caller's attribute of this name; `kind` is AttributeProto.type. */
  | { readonly type: 'reference'; readonly value: string; readonly kind: number };

export type Attribute = AttributeValue & {
  readonly name: string;
  readonly docString: string;
  readonly unknown: UnknownFields;
};

export interface FunctionDef {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributeNames: readonly string[];
  /** Attributes with their default values. */
  readonly attributeDefaults: readonly Attribute[];
  readonly nodes: readonly Node[];
  readonly opsetImports: readonly OpsetImport[];
  readonly valueInfos: readonly ValueInfo[];
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: UnknownFields;
}

export interface ValueInfo {
  readonly name: string;
  readonly type: ValueType | undefined;
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: UnknownFields;
}

/** Unknown fields within a TypeProto, by the message that holds them. */
export interface TypeUnknown {
  readonly type: UnknownFields;
  /** Of TypeProto.Tensor, Sequence, Map …, whichever it is. */
  readonly variant: UnknownFields;
  readonly shape: UnknownFields;
  /** By place of the dimension. */
  readonly dims: ReadonlyMap<number, UnknownFields>;
}

export type ValueType = (
  | {
      readonly kind: 'tensor' | 'sparseTensor';
      readonly dtype: DType | undefined;
      /** undefined: not even the rank is known. */
      readonly shape: Shape | undefined;
      /** Per dimension denotations ("DATA_BATCH"), when any is set. */
      readonly dimDenotations?: readonly string[];
    }
  | { readonly kind: 'sequence' | 'optional'; readonly element: ValueType | undefined }
  | { readonly kind: 'map'; readonly keyType: DType | undefined; readonly value: ValueType | undefined }
  /** Types of other domains (Opaque), kept encoded. */
  | { readonly kind: 'other'; readonly encoded: Uint8Array }
) & { readonly denotation: string; readonly unknown?: TypeUnknown };

export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly storage: TensorStorage;
  readonly docString: string;
  readonly metadata: readonly MetadataEntry[];
  readonly unknown: UnknownFields;
}

/** Typed storage fields of TensorProto. */
export type TypedField = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data';

export type TensorStorage =
  /**
   * Little-endian, row-major, sub-byte elements packed; usually a view on the file's bytes. `stayed`: how many there are, where `bytes`
   * reads them from the file each time that it is asked.
   */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array; readonly stayed?: number }
  /** The wire bytes of a typed field (packed form: the concatenated elements), decoded only when asked for. */
  | { readonly kind: 'field'; readonly field: TypedField; readonly encoded: Uint8Array }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  /** Bytes in another file beside the model; `directory` is the model's folder, which location may not leave. */
  | {
      readonly kind: 'external';
      readonly directory: string;
      readonly location: string;
      readonly offset: number;
      /** undefined: to be taken from dtype and dims. */
      readonly length: number | undefined;
      /** Further key–value pairs (checksum, …) as they stood. */
      readonly extra: readonly MetadataEntry[];
    };

export type RawStorage = Extract<TensorStorage, { readonly kind: 'raw' }>;

export interface SparseTensor {
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly dims: readonly number[];
  readonly unknown: UnknownFields;
}
