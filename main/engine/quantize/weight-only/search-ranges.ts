import { codeOf, middleOf, storedScale, topOf, type BlockFormat } from './block-codes.ts';
import { rangeOf, type BlockRange } from './round-to-nearest.ts';

/** Shares of the full range that are tried. */
const SHARES = Array.from({ length: 19 }, (_, at) => 1.1 - at / 30);

/**
 * The scale and zero point of a block with the least Σ importance · error², among ranges of several widths; each is fitted to
 * its codes by least squares. Symmetric codes that reach one step further down than up: both signs of the scale are tried.
 * @param weights one row; those of the block begin at `start`
 * @param importance of each column of the row
 */
export function searchRange(
  weights: Float64Array,
  { start, end }: { readonly start: number; readonly end: number },
  importance: Float64Array,
  format: BlockFormat,
): BlockRange {
  const full = rangeOf(weights, start, end, format);
  const signs = format.symmetric && format.reach === undefined ? [1, -1] : [1];
  let best = full;
  let least = lossOf(weights, { start, end }, importance, full, topOf(format));
  for (const sign of signs) {
    for (const share of SHARES) {
      const tried = { scale: full.scale * share * sign, zeroPoint: full.zeroPoint };
      const scale = storedScale(fittedScale(weights, { start, end }, importance, tried, topOf(format)), format);
      const range = { scale, zeroPoint: format.symmetric ? middleOf(format) : full.zeroPoint };
      const loss = lossOf(weights, { start, end }, importance, range, topOf(format));
      if (loss < least) {
        least = loss;
        best = range;
      }
    }
  }
  return best;
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function lossOf(
  weights: Float64Array,
  { start, end }: Part,
  importance: Float64Array,
  { scale, zeroPoint }: BlockRange,
  top: number,
): number {
  let loss = 0;
  for (let i = start; i < end; i++) {
    const weight = weights[i]!;
    const error = weight - (codeOf(weight, scale, zeroPoint, top) - zeroPoint) * scale;
    loss += importance[i]! * error * error;
  }
  return loss;
}

/** The scale with the least error for the codes of another. */
function fittedScale(
  weights: Float64Array,
  { start, end }: Part,
  importance: Float64Array,
  { scale, zeroPoint }: BlockRange,
  top: number,
): number {
  let product = 0;
  let square = 0;
  for (let i = start; i < end; i++) {
    const code = codeOf(weights[i]!, scale, zeroPoint, top) - zeroPoint;
    product += importance[i]! * code * weights[i]!;
    square += importance[i]! * code * code;
  }
  return square === 0 || product === 0 ? scale : product / square;
}
