/**
 * How a layer's weights are spread over the plan's grid of magnitudes, in the few bytes that this takes: a layer of 256 weights
 * is in 256 bins at most, whatever the grid has.
 */
import type { PrunePlan } from '../../contract/studio.ts';

type PlanLayer = PrunePlan['layers'][number];

/** Weights in one bin of the grid: above `edges[bin − 1]`, up to `edges[bin]`; bin 0 holds the zeros. */
export interface MagnitudeBins {
  /** Weights by bin; length of edges. */
  readonly counts: Uint32Array;
  /** Σw² by bin. */
  readonly energies: Float64Array;
}

/** The bins in use, with sums from the smallest weight on. */
export interface Magnitudes {
  /** Ascending; bin 0 is always the first. */
  readonly bins: Uint16Array;
  /** Weights with |w| ≤ edges[bins[i]]. */
  readonly cumulative: Uint32Array;
  /** Σw² of the same weights. */
  readonly cumulativeEnergy: Float64Array;
}

/**
 * Writes a histogram: the number of zeros, then for each further bin in use how many bins it lies behind the last one, its count
 * (both in 7 bits a byte, low ones first), and where between its edges' squares the mean of w² is, 0…255. Energies are exact to
 * 1/510 of a bin's width, which is 0.006 % on a grid of 2,048 bins.
 */
export function encodeMagnitudes({ counts, energies }: MagnitudeBins, edges: Float64Array): Uint8Array {
  const bytes: number[] = [];
  writeNumber(bytes, counts[0]!);
  let last = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    const count = counts[bin]!;
    if (count === 0) continue;
    writeNumber(bytes, bin - last);
    writeNumber(bytes, count);
    const [low, high] = squares(edges, bin);
    const place = high > low ? (energies[bin]! / count - low) / (high - low) : 1;
    bytes.push(Math.round(255 * Math.min(1, Math.max(0, place))));
    last = bin;
  }
  return Uint8Array.from(bytes);
}

const decoded = new WeakMap<Uint8Array, Magnitudes>();

/** Reads what {@link encodeMagnitudes} wrote; remembered for the histogram. */
export function magnitudesOf({ histogram }: PlanLayer, edges: Float64Array): Magnitudes {
  const known = decoded.get(histogram);
  if (known !== undefined) return known;
  const read = decode(histogram, edges);
  decoded.set(histogram, read);
  return read;
}

function decode(bytes: Uint8Array, edges: Float64Array): Magnitudes {
  let at = 0;
  const next = (): number => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  };
  let count = next();
  let energy = 0;
  let bin = 0;
  const bins = [0];
  const cumulative = [count];
  const cumulativeEnergy = [0];
  while (at < bytes.length) {
    bin += next();
    const own = next();
    const [low, high] = squares(edges, bin);
    count += own;
    energy += own * (low + ((high - low) * bytes[at++]!) / 255);
    bins.push(bin);
    cumulative.push(count);
    cumulativeEnergy.push(energy);
  }
  return {
    bins: Uint16Array.from(bins),
    cumulative: Uint32Array.from(cumulative),
    cumulativeEnergy: Float64Array.from(cumulativeEnergy),
  };
}

/** Place of the last bin in use at or below this one, by binary search. */
export function placeOfBin({ bins }: Magnitudes, bin: number): number {
  let low = 0;
  let high = bins.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (bins[middle]! <= bin) low = middle;
    else high = middle - 1;
  }
  return low;
}

function squares(edges: Float64Array, bin: number): readonly [low: number, high: number] {
  return [edges[bin - 1]! ** 2, edges[bin]! ** 2];
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}
