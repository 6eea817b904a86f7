import type { Steps } from '../../tensor/linear/interruptible.ts';
import { decodeBlocks, type BlockFormat, type MatrixShape } from './block-codes.ts';
import { outputEnergy } from './coding-errors.ts';
import { roundToNearest } from './round-to-nearest.ts';

/** Exponents that are tried; 0 leaves all inputs as they are. */
const STEPS = 20;
/** Rows of a matrix that tell its error; more tell hardly more. */
const ROWS = 128;
/** Factors within this share of the largest, so that none is zero. */
const LEAST = 1e-4;

/** A matrix among those that take the same channels. */
export interface ScaledMatrix extends MatrixShape {
  /** Row-major [rows, columns]. */
  readonly weights: Float32Array;
  readonly format: BlockFormat;
  /** Σx·xᵀ of its inputs, row-major [columns, columns]. */
  readonly gram: Float64Array;
  /** The channel of each column; −1: it is not scaled. */
  readonly channels: Int32Array;
}

export interface FoundFactors {
  /** Of each channel: weights that take it are multiplied by it, the channel is divided. */
  readonly factors: Float64Array;
  readonly exponent: number;
  /** Error of the outputs over that without factors. */
  readonly left: number;
}

/**
 * Factors of input channels with which codes err least in the outputs: s = (root mean square of the channel)^α, divided by
 * √(max·min), for the α in 0, 0.05 … 0.95 whose nearest codes err least on the inputs that the sums tell of. Channels that are
 * large so get more exact weights. The paper takes mean magnitudes; root mean squares stand in the sums that are there.
 * @param channels how many there are
 * @see Lin et al. 2024, AWQ: Activation-aware Weight Quantization, section 3.2
 */
export function* findFactors(matrices: readonly ScaledMatrix[], channels: number): Steps<FoundFactors> {
  const samples = matrices.map(sampleRows);
  const energies: number[] = [];
  for (const sample of samples) energies.push(yield* outputEnergy(sample.weights, sample, sample.gram));
  const sizes = sizesOf(matrices, channels);
  let best: FoundFactors | undefined;
  let unscaled = 0;
  for (let step = 0; step < STEPS; step++) {
    const exponent = step / STEPS;
    const factors = factorsOf(sizes, exponent);
    let error = 0;
    for (const [at, sample] of samples.entries()) {
      if (energies[at]! > 0) error += (yield* errorWith(sample, factors)) / energies[at]!;
    }
    if (step === 0) unscaled = error;
    const left = unscaled > 0 ? error / unscaled : 1;
    if (best === undefined || left < best.left) best = { factors, exponent, left };
  }
  return best!;
}

/** Some rows, evenly spread. */
function sampleRows(matrix: ScaledMatrix): ScaledMatrix {
  const { rows, columns, weights } = matrix;
  if (rows <= ROWS) return matrix;
  const taken = new Float32Array(ROWS * columns);
  for (let at = 0; at < ROWS; at++) {
    const row = Math.floor((at * rows) / ROWS);
    taken.set(weights.subarray(row * columns, (row + 1) * columns), at * columns);
  }
  return { ...matrix, rows: ROWS, weights: taken };
}

/** Root of the mean square of each channel, over all matrices that take it. */
function sizesOf(matrices: readonly ScaledMatrix[], channels: number): Float64Array {
  const squares = new Float64Array(channels);
  for (const { columns, gram, channels: own } of matrices) {
    for (let column = 0; column < columns; column++) {
      if (own[column]! >= 0) squares[own[column]!]! += gram[column * columns + column]!;
    }
  }
  return squares.map(Math.sqrt);
}

function factorsOf(sizes: Float64Array, exponent: number): Float64Array {
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  if (!(largest > 0)) return sizes.map(() => 1);
  const powers = sizes.map((size) => Math.max(size / largest, LEAST) ** exponent);
  const least = powers.reduce((smallest, power) => Math.min(smallest, power), Infinity);
  return powers.map((power) => power / Math.sqrt(least));
}

function* errorWith(matrix: ScaledMatrix, factors: Float64Array): Steps<number> {
  const { columns, weights, channels, gram, format } = matrix;
  const own = Float64Array.from(channels, (channel) => (channel < 0 ? 1 : factors[channel]!));
  const scaled = weights.map((weight, at) => weight * own[at % columns]!);
  const decoded = decodeBlocks(yield* roundToNearest(scaled, matrix, format));
  for (let at = 0; at < decoded.length; at++) decoded[at] = decoded[at]! / own[at % columns]! - weights[at]!;
  return yield* outputEnergy(decoded, matrix, gram);
}
