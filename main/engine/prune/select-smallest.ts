import { assert } from '../../base/errors.ts';

/** |w| as the bits of a float32 without the sign: their order as integers is the order of the magnitudes. */
type MagnitudeBits = Uint32Array;

/** What is to be cut: everything below `threshold`, and the first `ties` (in the order given) that equal it. */
export interface Cut {
  /** Magnitude bits. */
  readonly threshold: number;
  readonly ties: number;
}

const HIGH_SHIFT = 15;
const HIGH_SIZE = 1 << 16;
const LOW_MASK = (1 << HIGH_SHIFT) - 1;

/**
 * Magnitudes in an order-preserving integer form. float64 weights are rounded to float32 for the comparison (a tie may
 * arise, the order is kept); NaN lies above everything, so it is cut last.
 * @param weights not modified
 */
export function magnitudeBits(weights: Float32Array | Float64Array): MagnitudeBits {
  const floats = weights instanceof Float32Array ? weights : Float32Array.from(weights);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = bits[i]! & 0x7fffffff;
  return result;
}

/**
 * The exact cut that takes the `count` smallest magnitudes of all tensors together: a radix selection, two passes over
 * the weights and no sort (upper 16 bits, then the lower 15 within the bucket that the count falls in).
 * @param count 0 … number of weights
 */
export function smallestCut(tensors: readonly MagnitudeBits[], count: number): Cut {
  const total = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
  assert(count >= 0 && count <= total, `cannot cut ${count} of ${total} weights`);
  const high = histogram(tensors, (bits) => bits >>> HIGH_SHIFT, HIGH_SIZE);
  const bucket = locate(high, count);
  const low = histogram(tensors, (bits) => (bits >>> HIGH_SHIFT === bucket.index ? bits & LOW_MASK : -1), LOW_MASK + 1);
  const within = locate(low, count - bucket.before);
  return {
    threshold: ((bucket.index << HIGH_SHIFT) | within.index) >>> 0,
    ties: count - bucket.before - within.before,
  };
}

function histogram(tensors: readonly MagnitudeBits[], binOf: (bits: number) => number, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (const tensor of tensors) {
    for (let i = 0; i < tensor.length; i++) {
      const bin = binOf(tensor[i]!);
      if (bin >= 0) counts[bin] = counts[bin]! + 1;
    }
  }
  return counts;
}

/** The bin in which the `count`-th smallest lies, and how many lie in the bins before it. */
function locate(counts: Float64Array, count: number): { index: number; before: number } {
  let before = 0;
  for (let index = 0; index < counts.length - 1; index++) {
    if (before + counts[index]! >= count) return { index, before };
    before += counts[index]!;
  }
  return { index: counts.length - 1, before };
}

/**
 * Which elements the cut takes, tensor by tensor; ties go in the order of the tensors and of their elements.
 * @returns one mask for each tensor, 1 = cut
 */
export function applyCut(tensors: readonly MagnitudeBits[], cut: Cut): Uint8Array[] {
  let ties = cut.ties;
  return tensors.map((tensor) => {
    const mask = new Uint8Array(tensor.length);
    for (let i = 0; i < tensor.length; i++) {
      const bits = tensor[i]!;
      if (bits < cut.threshold) mask[i] = 1;
      else if (bits === cut.threshold && ties > 0) {
        mask[i] = 1;
        ties--;
      }
    }
    return mask;
  });
}
