import { StudioError } from '../../base/errors.ts';
import type { DType } from './dtype.ts';

/** Type codes of NumPy, little-endian. */
const CODES: Partial<Record<DType, string>> = {
  float32: '<f4',
  float64: '<f8',
  float16: '<f2',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  bool: '|b1',
};

/**
 * The head of an .npy file (format 1.0: NumPy Enhancement Proposal 1), padded to 64 bytes; the raw bytes follow, row-major.
 * @throws UNSUPPORTED for types that NumPy does not have
 */
export function npyHead(dtype: DType, dims: readonly number[]): Uint8Array {
  const code = CODES[dtype];
  if (code === undefined) throw new StudioError('UNSUPPORTED', `NumPy files hold no ${dtype}`);
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  const words = `{'descr': '${code}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + words.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  head.set(new TextEncoder().encode(`${words.padEnd(length - 1)}\n`), 10);
  return head;
}
