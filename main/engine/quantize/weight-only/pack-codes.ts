import { packBits } from '../../tensor/packing.ts';
import type { BlockCodes } from './block-codes.ts';

/**
 * The codes as MatMulNBits and GatherBlockQuantized hold them: [rows, blocks · block · bits / 8], the first code in the lowest
 * bits of a byte.
 */
export function packedCodes({ codes, format }: Pick<BlockCodes, 'codes' | 'format'>): Uint8Array {
  return format.bits === 8 ? codes : packBits(codes, format.bits);
}

/** Zero points as both hold them: each row of blocks begins with a byte of its own, [rows, ⌈blocks · bits / 8⌉]. */
export function packedZeroPoints({ zeroPoints, rows, blocks, format: { bits } }: BlockCodes): Uint8Array {
  if (bits === 8) return zeroPoints;
  const width = Math.ceil((blocks * bits) / 8);
  const packed = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    packed.set(packBits(zeroPoints.subarray(row * blocks, (row + 1) * blocks), bits), row * width);
  }
  return packed;
}
