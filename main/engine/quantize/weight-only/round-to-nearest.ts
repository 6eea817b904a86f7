import type { Steps } from '../../tensor/linear/interruptible.ts';
import {
  codeOf,
  emptyCodes,
  middleOf,
  storedScale,
  topOf,
  type BlockCodes,
  type BlockFormat,
  type MatrixShape,
} from './block-codes.ts';

/** Rows between two moments at which the work may be stopped. */
const ROWS_AT_ONCE = 256;

/**
 * Each weight to the nearest code. Symmetric: the weight of largest magnitude of a block gets the lowest code, which has no
 * counterpart above, so that it is met exactly: scale = −(it) / 2^(bits − 1), perhaps negative. Else the codes reach from
 * the least weight of the block to the greatest, zero included: scale = (max − min) / (2^bits − 1).
 * @param weights row-major [rows, columns], finite; not modified
 * @see ONNX Runtime, contrib operator MatMulNBits; Jacob et al. 2018, eq. 1
 */
export function* roundToNearest(weights: Float32Array, shape: MatrixShape, format: BlockFormat): Steps<BlockCodes> {
  const made = emptyCodes(shape, format);
  const { rows, columns } = shape;
  const { block } = format;
  const { blocks, codes, scales, zeroPoints } = made;
  const top = topOf(format);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < blocks; at++) {
      const start = row * columns + at * block;
      const end = Math.min(start + block, (row + 1) * columns);
      const { scale, zeroPoint } = rangeOf(weights, start, end, format);
      const place = row * blocks + at;
      scales[place] = scale;
      zeroPoints[place] = zeroPoint;
      let to = place * block;
      for (let i = start; i < end; i++) codes[to++] = codeOf(weights[i]!, scale, zeroPoint, top);
    }
    if (row % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) yield;
  }
  return made;
}

export interface BlockRange {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Scale and zero point with which the codes reach over all weights from `start` to before `end`. */
export function rangeOf(
  weights: Float32Array | Float64Array,
  start: number,
  end: number,
  format: BlockFormat,
): BlockRange {
  let least = 0;
  let greatest = 0;
  for (let i = start; i < end; i++) {
    const weight = weights[i]!;
    if (weight < least) least = weight;
    if (weight > greatest) greatest = weight;
  }
  const middle = middleOf(format);
  if (format.symmetric) {
    const extreme = -least > greatest ? least : greatest;
    // Where codes reach as far on either side, no scale has to be negative.
    const scale = format.reach === undefined ? -extreme / middle : Math.abs(extreme) / middle;
    return { scale: storedScale(scale, format), zeroPoint: middle };
  }
  const top = topOf(format);
  const scale = storedScale((greatest - least) / top, format);
  return { scale, zeroPoint: codeOf(-least, scale, 0, top) };
}
