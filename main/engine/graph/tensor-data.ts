/** The bytes and values of a tensor, whatever its storage. Nothing is kept: external data is read at each call. */
import { StudioError } from '../../base/errors.ts';
import { decodeElements } from '../tensor/decode.ts';
import { dtypeBits } from '../tensor/dtype.ts';
import type { NumericArray } from '../tensor/numeric.ts';
import { openExternalFile } from './external-data.ts';
import { fieldToRaw } from './field-data.ts';
import type { Tensor, TensorStorage } from './ir.ts';
import { describeTensor, elementCount, tensorByteLength } from './tensor-size.ts';

/** Bytes that external data of this tensor takes: what the model says, checked against dims and type. */
function externalLength(tensor: Tensor, declared: number | undefined): number {
  const needed = tensorByteLength(tensor);
  if (declared === undefined || declared === needed) return needed;
  throw new StudioError(
    'ONNX_INVALID',
    `${describeTensor(tensor)}: its external data has ${declared} bytes, its dimensions need ${needed}`,
  );
}

/**
 * Raw little-endian bytes: a view for raw storage (do not modify), a copy otherwise. Their length always fits dims and type.
 * @throws ONNX_INVALID when the stored bytes do not fit the dims; UNSUPPORTED for strings
 * @throws EXTERNAL_DATA_MISSING, EXTERNAL_DATA_OUTSIDE
 */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { storage } = tensor;
  if (storage.kind === 'strings' || tensor.dtype === 'string') {
    throw new StudioError('UNSUPPORTED', `${describeTensor(tensor)} holds text, which has no raw bytes`);
  }
  if (storage.kind === 'external') {
    const length = externalLength(tensor, storage.length);
    using file = openExternalFile(storage.directory, storage.location);
    return file.read(storage.offset, length);
  }
  const bytes = storage.kind === 'raw' ? storage.bytes : fieldToRaw(tensor, storage);
  const needed = tensorByteLength(tensor);
  if (bytes.length !== needed) {
    throw new StudioError(
      'ONNX_INVALID',
      `${describeTensor(tensor)} holds ${bytes.length} bytes, its dimensions need ${needed}`,
    );
  }
  return bytes;
}

/**
 * The elements as numbers, see `decodeElements` for which array each type gives. May be a view on the file: do not modify.
 * @throws as `tensorBytes`
 */
export function tensorValues(tensor: Tensor): NumericArray {
  return decodeElements(tensor.dtype, tensorBytes(tensor), elementCount(tensor.dims));
}

/**
 * Hands the raw bytes to `work`, and lets go of them at once where they were read for it: what waits for the garbage collector adds up
 * to more than the largest tensor. Nothing that `work` gives may be a view on them.
 * @throws as `tensorBytes`; what `work` throws
 */
export function withTensorBytes<T>(tensor: Tensor, work: (bytes: Uint8Array) => T): T {
  const bytes = tensorBytes(tensor);
  try {
    return work(bytes);
  } finally {
    letGoOf(tensor.storage, bytes);
  }
}

/** The same with the elements as numbers. */
export function withTensorValues<T>(tensor: Tensor, work: (values: NumericArray) => T): T {
  return withTensorBytes(tensor, (bytes) => {
    const values = decodeElements(tensor.dtype, bytes, elementCount(tensor.dims));
    try {
      return work(values);
    } finally {
      if (values.buffer !== bytes.buffer) free(values);
    }
  });
}

/** Lets go of bytes that a storage gave where they were read for it; nothing may use them afterwards. */
export function letGoOf(storage: TensorStorage, bytes: Uint8Array): void {
  if (storage.kind === 'external' || (storage.kind === 'raw' && storage.stayed !== undefined)) free(bytes);
}

/** Gives the memory behind an array back at once; nothing may use it afterwards. */
export function free({ buffer }: NumericArray): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The texts of a string tensor. @throws UNSUPPORTED for numbers */
export function tensorStrings(tensor: Tensor): readonly string[] {
  if (tensor.storage.kind !== 'strings') {
    throw new StudioError('UNSUPPORTED', `${describeTensor(tensor)} holds numbers, no text`);
  }
  const utf8 = new TextDecoder();
  return tensor.storage.values.map((bytes) => utf8.decode(bytes));
}

/**
 * The raw bytes in pieces of at most `pieceBytes`, so that a tensor of external data larger than memory can be gone
 * through. @throws as `tensorBytes`
 */
export function* tensorBytePieces(tensor: Tensor, pieceBytes: number): Generator<Uint8Array> {
  if (tensor.storage.kind !== 'external') {
    yield tensorBytes(tensor);
    return;
  }
  const { directory, location, offset } = tensor.storage;
  const length = externalLength(tensor, tensor.storage.length);
  using file = openExternalFile(directory, location);
  for (let done = 0; done < length; done += pieceBytes) {
    yield file.read(offset + done, Math.min(pieceBytes, length - done));
  }
}

/** The elements as numbers in pieces, for external data; one piece for all other storage. @throws as `tensorBytes` */
export function* tensorPieces(tensor: Tensor, pieceElements = 1 << 20): Generator<NumericArray> {
  const bits = dtypeBits(tensor.dtype) ?? 8;
  // A multiple of four elements: a piece ends on a byte for 2- and 4-bit types too.
  const step = Math.max(4, pieceElements - (pieceElements % 4));
  let left = elementCount(tensor.dims);
  for (const bytes of tensorBytePieces(tensor, (step * bits) / 8)) {
    const count = tensor.storage.kind === 'external' ? Math.min(step, left) : left;
    yield decodeElements(tensor.dtype, bytes, count);
    left -= count;
  }
}
