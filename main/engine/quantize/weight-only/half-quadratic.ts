import type { Steps } from '../../tensor/linear/interruptible.ts';
import {
  codeOf,
  ROUNDER,
  storedScale,
  topOf,
  type BlockCodes,
  type BlockFormat,
  type MatrixShape,
} from './block-codes.ts';
import { roundToNearest, type BlockRange } from './round-to-nearest.ts';

/** Weight of the quadratic term, in steps of the codes, and its growth at each turn: those of the paper. */
const BETA = 10;
const GROWTH = 1.01;
/** Turns at most; nearly all blocks are done after five. */
const TURNS = 20;
/** A turn that leaves more than this share of the sum is the last. */
const WORTH = 0.998;
const ROWS_AT_ONCE = 64;

/**
 * Half-quadratic quantization, without data: scale or zero point of each block are moved so that Σ|error|^p is least, p < 1,
 * which lets a few outliers be far off where that serves the many. In turns: codes for the scale and zero point at hand; the
 * part of the errors that stands for outliers, by soft thresholds; the zero point (symmetric: the scale) that fits best without
 * it, in closed form. Zero points are then rounded, since the runtime's kernels are slow with real ones, and the scale is
 * fitted again. Errors count in steps of the codes, so that weights in other units give the same codes; p = ¾, the paper's 0.7
 * made of two square roots. No block is worse than rounded to nearest, by Σ|error|^p.
 * @param weights row-major [rows, columns], finite; not modified
 * @see Badri & Shaji 2023, Half-Quadratic Quantization of Large Machine Learning Models
 */
export function* halfQuadratic(weights: Float32Array, shape: MatrixShape, format: BlockFormat): Steps<BlockCodes> {
  const made = yield* roundToNearest(weights, shape, format);
  const { rows, columns } = shape;
  const { block } = format;
  const { blocks, codes, scales, zeroPoints } = made;
  const top = topOf(format);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < blocks; at++) {
      const place = row * blocks + at;
      const start = row * columns + at * block;
      const part = { values: weights, start, end: Math.min(start + block, (row + 1) * columns) };
      const first = { scale: scales[place]!, zeroPoint: zeroPoints[place]! };
      const { scale, zeroPoint } = fitBlock(part, first, format);
      if (scale === first.scale && zeroPoint === first.zeroPoint) continue;
      scales[place] = scale;
      zeroPoints[place] = zeroPoint;
      let to = place * block;
      for (let i = part.start; i < part.end; i++) codes[to++] = codeOf(weights[i]!, scale, zeroPoint, top);
    }
    if (row % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) yield;
  }
  return made;
}

/** The weights of a block, from `start` to before `end`. */
interface Part {
  readonly values: Float32Array;
  readonly start: number;
  readonly end: number;
}

interface Fitted extends BlockRange {
  /** Σ|error|^p */
  readonly loss: number;
}

function fitBlock(part: Part, first: BlockRange, format: BlockFormat): BlockRange {
  if (format.symmetric) return settle(part, first, format, 'scale');
  const settled = settle(part, first, format, 'zeroPoint');
  const top = topOf(format);
  const zeroPoint = Math.min(Math.max(Math.round(settled.zeroPoint), 0), top);
  const fitted = settle(part, { scale: first.scale, zeroPoint }, format, 'scale');
  return fitted.loss < turn(part, first, top, BETA).loss ? fitted : first;
}

/** Goes on with one of the two numbers until Σ|error|^p falls no more. */
function settle(part: Part, first: BlockRange, format: BlockFormat, moved: keyof BlockRange): Fitted {
  const top = topOf(format);
  let best: Fitted = { ...first, loss: Infinity };
  let range = first;
  for (let turns = 0; turns < TURNS; turns++) {
    const { loss, scale, zeroPoint } = turn(part, range, top, BETA * GROWTH ** turns);
    if (!(loss < best.loss)) break;
    const last = loss > WORTH * best.loss;
    best = { ...range, loss };
    if (last) break;
    range =
      moved === 'scale'
        ? { scale: storedScale(scale, format), zeroPoint: range.zeroPoint }
        : { scale: range.scale, zeroPoint };
  }
  return best;
}

/** What a range gives: the loss of its codes, and the scale and the real zero point that would fit these best, outliers aside. */
function turn({ values, start, end }: Part, range: BlockRange, top: number, beta: number): Fitted {
  const inverse = 1 / range.scale;
  const zero = range.zeroPoint;
  let loss = 0;
  let product = 0;
  let square = 0;
  let shift = 0;
  for (let i = start; i < end; i++) {
    const steps = values[i]! * inverse;
    let code = steps + zero + ROUNDER - ROUNDER;
    code = code > 0 ? (code < top ? code : top) : 0;
    const used = code - zero;
    const error = steps - used;
    const size = error < 0 ? -error : error;
    const root = Math.sqrt(size);
    const fourth = Math.sqrt(root);
    loss += root * fourth;
    // The generalized soft threshold for p = ¾: what of an error stands for an outlier.
    const left = size - 1 / (beta * fourth);
    const inlier = left > 0 ? steps - (error < 0 ? -left : left) : steps;
    product += used * inlier;
    square += used * used;
    shift += code - inlier;
  }
  return {
    loss: loss * Math.abs(range.scale) ** 0.75,
    scale: square === 0 || product === 0 ? range.scale : (range.scale * product) / square,
    zeroPoint: shift / (end - start),
  };
}
