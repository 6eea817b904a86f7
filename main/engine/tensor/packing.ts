/** Packing of 4- and 2-bit elements: the first element lies in the lowest bits of the first byte (onnx.proto, raw_data). */
import { assert } from '../../base/errors.ts';

/**
 * Spreads packed elements to one a byte, without sign.
 * @param count elements; the bytes must hold at least that many
 */
export function unpackBits(bytes: Uint8Array, bits: 2 | 4, count: number): Uint8Array {
  assert(bytes.length * 8 >= count * bits, `${bytes.length} bytes hold ${count} elements of ${bits} bits`);
  const codes = new Uint8Array(count);
  const perByteShift = bits === 4 ? 1 : 2;
  const perByteMask = bits === 4 ? 1 : 3;
  const mask = (1 << bits) - 1;
  for (let i = 0; i < count; i++) codes[i] = (bytes[i >> perByteShift]! >> ((i & perByteMask) * bits)) & mask;
  return codes;
}

/** As `unpackBits`, but the elements are two's complement. */
export function unpackSignedBits(bytes: Uint8Array, bits: 2 | 4, count: number): Int8Array {
  const codes = unpackBits(bytes, bits, count);
  const values = new Int8Array(codes.buffer);
  const shift = 32 - bits;
  for (let i = 0; i < count; i++) values[i] = (codes[i]! << shift) >> shift;
  return values;
}

/** Packs the lowest `bits` bits of each element; the last byte is filled up with zeros. */
export function packBits(values: ArrayLike<number>, bits: 2 | 4): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const bytes = new Uint8Array(Math.ceil(values.length / perByte));
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor(i / perByte);
    bytes[at] = bytes[at]! | ((values[i]! & mask) << ((i % perByte) * bits));
  }
  return bytes;
}
