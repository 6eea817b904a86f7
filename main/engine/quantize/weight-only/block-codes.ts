/** Weights as small integers with a scale for each block of neighbouring inputs: what all methods give, and all formats write. */
import { SMALLEST_NORMAL_FLOAT32 } from '../rounding.ts';

/** How a matrix is coded. */
export interface BlockFormat {
  readonly bits: 2 | 4 | 8;
  /** Inputs that share a scale. */
  readonly block: number;
  /** Codes count from the middle; else each block has a zero point of its own. */
  readonly symmetric: boolean;
  /** Codes on either side of the middle, where these are as many; undefined: all that the bits hold. */
  readonly reach?: number;
  /** The nearest scale that the model can hold: Math.fround, or to float16. */
  readonly roundScale: (scale: number) => number;
}

export interface MatrixShape {
  /** Outputs. */
  readonly rows: number;
  /** Inputs, which are summed over. */
  readonly columns: number;
}

/**
 * weight[row, column] = (code[row, column] − zeroPoint[row, block]) · scale[row, block], in float32. The last block of a row
 * is filled up with codes that stand for zero.
 */
export interface BlockCodes extends MatrixShape {
  readonly format: BlockFormat;
  /** Blocks of a row. */
  readonly blocks: number;
  /** [rows, blocks · block], one code a byte, 0 … 2^bits − 1. */
  readonly codes: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
  /** [rows, blocks]; the middle, 2^(bits − 1), where the format is symmetric. */
  readonly zeroPoints: Uint8Array;
}

/** Smaller blocks have no fast kernel in the runtime. */
const SMALLEST_BLOCK = { 8: 16, 4: 16, 2: 32 } as const;

/** The block for rows of so many columns: not larger than they need. */
export function blockFor(block: number, columns: number, bits: BlockFormat['bits']): number {
  return Math.min(block, Math.max(SMALLEST_BLOCK[bits], 2 ** Math.ceil(Math.log2(columns))));
}

/** Room for the codes of a matrix; all scales are 1, all codes stand for zero. */
export function emptyCodes({ rows, columns }: MatrixShape, format: BlockFormat): BlockCodes {
  const blocks = Math.ceil(columns / format.block);
  const middle = middleOf(format);
  return {
    format,
    rows,
    columns,
    blocks,
    codes: new Uint8Array(rows * blocks * format.block).fill(middle),
    scales: new Float32Array(rows * blocks).fill(1),
    zeroPoints: new Uint8Array(rows * blocks).fill(middle),
  };
}

/** The code that stands for zero where the format is symmetric. */
export function middleOf({ bits, reach }: Pick<BlockFormat, 'bits' | 'reach'>): number {
  return reach ?? 2 ** (bits - 1);
}

/** The greatest code. */
export function topOf({ bits, reach }: Pick<BlockFormat, 'bits' | 'reach'>): number {
  return reach === undefined ? 2 ** bits - 1 : 2 * reach;
}

/** A scale as the model holds it; 1 where it would be too small for a normal number. */
export function storedScale(scale: number, { roundScale }: Pick<BlockFormat, 'roundScale'>): number {
  const rounded = roundScale(scale);
  return Math.abs(rounded) < SMALLEST_NORMAL_FLOAT32 ? 1 : rounded;
}

/** Added to and taken from a number below 2⁵¹, it leaves the nearest integer, halves to even. */
export const ROUNDER = 1.5 * 2 ** 52;

/** The code of a weight: the nearest of those that there are, halves to even. */
export function codeOf(weight: number, scale: number, zeroPoint: number, top: number): number {
  const code = weight / scale + ROUNDER - ROUNDER + zeroPoint;
  return code > 0 ? (code < top ? code : top) : 0;
}

/** The weights that codes stand for. @returns [rows, columns] */
export function decodeBlocks({ format, rows, columns, blocks, codes, scales, zeroPoints }: BlockCodes): Float32Array {
  const weights = new Float32Array(rows * columns);
  const { block } = format;
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < blocks; at++) {
      const scale = scales[row * blocks + at]!;
      const zero = zeroPoints[row * blocks + at]!;
      const from = (row * blocks + at) * block;
      const to = row * columns + at * block;
      const count = Math.min(block, columns - at * block);
      for (let i = 0; i < count; i++) weights[to + i] = (codes[from + i]! - zero) * scale;
    }
  }
  return weights;
}
