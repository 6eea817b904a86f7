import type { MagnitudeBins } from '../../../judge/predict/magnitudes.ts';

/** Octaves below the largest magnitude that the grid resolves; what is smaller shares the first bin above zero. */
const OCTAVES = 24;
/** Bits of a float32 dropped to index the lookup table: 8 exponent and 8 mantissa bits stay, the sign is gone. */
const TABLE_SHIFT = 15;
const TABLE_SIZE = 1 << 16;

/** A grid of magnitudes |w| that all layers are counted on. */
export interface MagnitudeGrid {
  /** Ascending, length bins + 1: 0, then logarithmic up to the largest magnitude. */
  readonly edges: Float64Array;
  /** For each magnitude's upper 16 bits the least index whose edge is not below that bucket. */
  readonly firstEdge: Uint16Array;
}

/**
 * A grid for weights up to `largest`: edges[0] = 0, edges[i] = largest · 2^(−24 · (1 − (i − 1)/(bins − 1))).
 * With 2048 bins two edges are 0.8 % apart.
 * @param largest ≥ 0, finite; with 0 every edge but the first is the smallest float32
 */
export function magnitudeGrid(largest: number, bins: number): MagnitudeGrid {
  const top = largest > 0 ? largest : 2 ** -149;
  const edges = new Float64Array(bins + 1);
  for (let i = 1; i <= bins; i++) edges[i] = top * 2 ** (-OCTAVES * (1 - (i - 1) / (bins - 1)));
  edges[bins] = top;
  const firstEdge = new Uint16Array(TABLE_SIZE);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  let index = 0;
  for (let bucket = 0; bucket < TABLE_SIZE; bucket++) {
    bits[0] = bucket << TABLE_SHIFT;
    while (index < bins && edges[index]! < value[0]!) index++;
    firstEdge[bucket] = index;
  }
  return { edges, firstEdge };
}

/** Bins of the grid with nothing in them. */
export function emptyBins({ edges }: MagnitudeGrid): MagnitudeBins {
  return { counts: new Uint32Array(edges.length), energies: new Float64Array(edges.length) };
}

/**
 * Counts weights on the grid in one pass. Measured: 25 M weights in about 0.1 s; the table leaves at most two steps of
 * search, where Math.log2 for each weight took 0.6 s.
 * @param weights not modified; NaN and infinities count into the last bin, without energy
 * @param bins    what was counted before; added to
 */
export function countMagnitudes(weights: Float32Array | Float64Array, grid: MagnitudeGrid, bins: MagnitudeBins): void {
  const { edges, firstEdge } = grid;
  const { counts, energies } = bins;
  const last = edges.length - 1;
  const floats = weights instanceof Float32Array ? weights : Float32Array.from(weights);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < floats.length; i++) {
    const magnitudeBits = bits[i]! & 0x7fffffff;
    let at = firstEdge[magnitudeBits >>> TABLE_SHIFT]!;
    const weight = floats[i]!;
    const magnitude = weight < 0 ? -weight : weight;
    while (at < last && edges[at]! < magnitude) at++;
    counts[at] = counts[at]! + 1;
    if (magnitudeBits < 0x7f800000) energies[at] = energies[at]! + weight * weight;
  }
}

/** The largest finite |w|; 0 when there is none. */
export function largestMagnitude(weights: Float32Array | Float64Array): number {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    const magnitude = weight < 0 ? -weight : weight;
    if (magnitude > largest && magnitude !== Infinity) largest = magnitude;
  }
  return largest;
}
