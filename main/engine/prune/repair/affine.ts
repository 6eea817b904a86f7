import type { ComparedMoments } from './layer-sums.ts';

/** y′ = scale·y + shift of each channel. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Σ(scale·y + shift − t)² over all channels, from the moments of y, t and y − t. */
export function affineError({ value, target, difference }: ComparedMoments, { scale, shift }: Affine): number {
  let error = 0;
  for (let c = 0; c < scale.length; c++) {
    const [a, b] = [scale[c]!, shift[c]!];
    const [yy, tt] = [value.squares[c]!, target.squares[c]!];
    const yt = (yy + tt - difference.squares[c]!) / 2;
    const [y, t] = [value.totals[c]!, target.totals[c]!];
    error += a * a * yy + tt + value.count * b * b + 2 * a * b * y - 2 * a * yt - 2 * b * t;
  }
  return Math.max(0, error);
}

/** Moves each channel's mean to the target's. */
export function meanShift({ value, target }: ComparedMoments): Affine {
  const shift = Float64Array.from(value.totals, (total, c) => (target.totals[c]! - total) / value.count);
  return { scale: new Float64Array(shift.length).fill(1), shift };
}

/**
 * What is added to both variances before they are compared, as a share of the layer's mean target variance: a channel that
 * hardly varies any more is not blown up, which makes matters worse.
 */
const SHRINKAGE = 0.01;

/** Gives each channel the target's mean and, shrunk towards what it is, the target's deviation. */
export function momentMatch({ value, target }: ComparedMoments): Affine {
  const { count } = value;
  const variance = (squares: Float64Array, totals: Float64Array): Float64Array =>
    squares.map((square, c) => Math.max(0, square / count - (totals[c]! / count) ** 2));
  const [of, wanted] = [variance(value.squares, value.totals), variance(target.squares, target.totals)];
  const floor = SHRINKAGE * (wanted.reduce((sum, each) => sum + each, 0) / Math.max(1, wanted.length));
  const scale = of.map((each, c) => (each + floor > 0 ? Math.sqrt((wanted[c]! + floor) / (each + floor)) : 1));
  const shift = scale.map((factor, c) => (target.totals[c]! - factor * value.totals[c]!) / count);
  return { scale, shift };
}
