import { StudioError } from '../../base/errors.ts';
import { storageBytes } from '../tensor/dtype.ts';
import type { RawStorage, Tensor } from './ir.ts';

/**
 * The product of the dimensions; 1 for a scalar.
 * @throws ONNX_INVALID when a dimension is negative or no integer, or the product passes 2⁵³
 */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  let empty = false;
  for (const dim of dims) {
    if (!Number.isInteger(dim) || dim < 0) {
      throw new StudioError(
        'ONNX_INVALID',
        `Dimensions [${dims.join(', ')}]: ${dim} is not a size, expected 0 or more`,
      );
    }
    if (dim === 0) empty = true;
    else count *= dim;
  }
  if (empty) return 0;
  if (!Number.isSafeInteger(count)) {
    throw new StudioError(
      'ONNX_INVALID',
      `Dimensions [${dims.join(', ')}] make more elements than can be counted (2^53)`,
    );
  }
  return count;
}

/** How a tensor is called in messages. */
export function describeTensor(tensor: Tensor): string {
  const shown = tensor.dims.length > 8 ? `${tensor.dims.slice(0, 8).join(', ')}, …` : tensor.dims.join(', ');
  return `Tensor '${tensor.name}' (${tensor.dtype} [${shown}])`;
}

/**
 * Bytes that the tensor takes in raw storage, by its dims and type; nothing is read. For strings: the bytes of the texts.
 * @throws ONNX_INVALID for dimensions that are no sizes
 */
export function tensorByteLength(tensor: Tensor): number {
  const bytes = storageBytes(tensor.dtype, elementCount(tensor.dims));
  if (bytes !== undefined) return bytes;
  return tensor.storage.kind === 'strings' ? tensor.storage.values.reduce((sum, text) => sum + text.length, 0) : 0;
}

/** Bytes that there really are; nothing is read. */
export function rawLength(storage: RawStorage): number {
  return storage.stayed ?? storage.bytes.length;
}
