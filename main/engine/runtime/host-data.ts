import { StudioError } from '../../base/errors.ts';
import type { Tensor } from '../graph/ir.ts';
import { makeRawTensor, makeTensor } from '../graph/make.ts';
import { tensorBytes, tensorStrings } from '../graph/tensor-data.ts';
import type { DType } from '../tensor/dtype.ts';
import { float16ToFloat32, float32ToFloat16 } from '../tensor/half.ts';
import { elementCount, type HostData, type HostTensor } from '../tensor/host-tensor.ts';

type NumericHostData = Exclude<HostData, readonly string[]>;
type Constructor = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => NumericHostData;

const CONSTRUCTORS: Readonly<Partial<Record<DType, Constructor & { readonly BYTES_PER_ELEMENT: number }>>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

/**
 * Brings a tensor of the IR into memory in the form that the runtime takes. Numbers are copied.
 * @throws UNSUPPORTED for complex types; as `tensorBytes` for damaged or missing data
 */
export function hostTensorOf(tensor: Tensor): HostTensor {
  const { dtype, dims } = tensor;
  if (dtype === 'string') return { dtype, dims, data: tensorStrings(tensor) };
  if (dtype.startsWith('complex')) {
    throw new StudioError('UNSUPPORTED', `Tensor '${tensor.name}' is ${dtype}, which the runtime does not take`);
  }
  const bytes = tensorBytes(tensor).slice(); // own memory: aligned whatever the element size
  const ArrayType = CONSTRUCTORS[dtype] ?? Uint8Array;
  return { dtype, dims, data: new ArrayType(bytes.buffer, 0, bytes.length / ArrayType.BYTES_PER_ELEMENT) };
}

/** A tensor of the IR around what came out of the runtime; numbers are not copied. */
export function tensorOfHost(name: string, { dtype, dims, data }: HostTensor): Tensor {
  if (!ArrayBuffer.isView(data)) return makeTensor(name, dtype, dims, data);
  return makeRawTensor(name, dtype, dims, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/**
 * The same numbers in another element type, for data files that hold them differently: among floats (rounded), among
 * integers (must fit), and from uint8 or bool to any number.
 * @throws DATA_SHAPE when the types are too different or an integer does not fit
 */
export function convertTensor(tensor: HostTensor, dtype: DType): HostTensor {
  if (tensor.dtype === dtype) return tensor;
  const { dims, data } = tensor;
  const fail = (why: string): never => {
    throw new StudioError('DATA_SHAPE', `got ${tensor.dtype} [${dims.join(', ')}], expected ${dtype}: ${why}`);
  };
  if (!(ArrayBuffer.isView(data) && CONSTRUCTORS[dtype] && CONSTRUCTORS[tensor.dtype])) return fail('no conversion');
  const fromFloat = isFloat(tensor.dtype);
  if (fromFloat && !isFloat(dtype)) return fail('fractions would be lost');
  const numbers: ArrayLike<number | bigint> =
    tensor.dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : (data as ArrayLike<number | bigint>);
  if (dtype === 'float16') return { dtype, dims, data: float32ToFloat16(Float32Array.from(numbers, Number)) };
  const count = elementCount(dims);
  const target = new CONSTRUCTORS[dtype]!(new ArrayBuffer(count * CONSTRUCTORS[dtype]!.BYTES_PER_ELEMENT));
  for (let index = 0; index < count; index++) {
    const value = numbers[index]!;
    if (target instanceof BigInt64Array || target instanceof BigUint64Array) target[index] = BigInt(value);
    else target[index] = Number(value);
    if (!fromFloat && !isFloat(dtype) && BigInt(target[index]!) !== BigInt(value)) return fail(`${value} does not fit`);
  }
  return { dtype, dims, data: target };
}

function isFloat(dtype: DType): boolean {
  return dtype === 'float16' || dtype === 'float32' || dtype === 'float64';
}
