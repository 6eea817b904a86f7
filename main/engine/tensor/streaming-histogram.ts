/** A histogram of values that come in pieces, whose extent nobody knows beforehand. */

/** Bins in all. What is met fills more than a quarter of them: at least 2,048 over the whole extent. */
const BINS = 8192;

/** Larger magnitudes are no values of a computation that means something: masks, overflows. A piece with such is left out. */
const ABSURD = 1e30;

/**
 * What was met, as data: bin i counts values in ((first + i − 1) · width, (first + i) · width]. So the zeros behind a Relu
 * have a bin of their own.
 */
export interface Histogram {
  /** A power of two. */
  readonly width: number;
  readonly first: number;
  readonly counts: Uint32Array;
  /** All that was counted. */
  readonly total: number;
}

/** The middle of a bin; 0 for the bin that ends there, which is full of zeros where there are any. */
export function binValue({ first, width }: Histogram, bin: number): number {
  return first + bin === 0 ? 0 : (first + bin - 0.5) * width;
}

/**
 * Counts values in bins whose width is a power of two and whose edges are multiples of it, so that zero is an edge. When a
 * value lies outside, the bins move along, or become twice as wide, each the sum of two: no value is counted twice, none is
 * lost, and memory stays what it was.
 */
export class StreamingHistogram {
  /** From the greatest bin down: what is cut off from a positive number is then its upper edge's side. */
  #counts = new Uint32Array(BINS);
  /** Of every second value: where neighbours are alike, as zeros are, one need not wait for the other. */
  readonly #second = new Uint32Array(BINS);
  #width = 0;
  /** The bin at position 0. */
  #last = 0;
  /** From the lowest to the highest bin that something may be in. */
  #low = Infinity;
  #high = -Infinity;
  #total = 0;

  /**
   * Counts the values of a piece, all of them from `least` to `greatest`; one pass, about 2 ns a value. A piece whose
   * extremes are not finite, or beyond 1e30, is left out.
   */
  add(values: Float32Array, least: number, greatest: number): void {
    // False for NaN too, and for the extremes of nothing.
    if (!(least > -ABSURD && greatest < ABSURD && least <= greatest)) return;
    this.#hold(least, greatest);
    const counts = this.#counts;
    const inverse = 1 / this.#width;
    const last = this.#last;
    const second = this.#second;
    const even = values.length & ~1;
    for (let i = 0; i < even; i += 2) {
      counts[(last - values[i]! * inverse) | 0]!++;
      second[(last - values[i + 1]! * inverse) | 0]!++;
    }
    if (even < values.length) counts[(last - values[even]! * inverse) | 0]!++;
    this.#total += values.length;
  }

  /** What was counted so far, without the empty bins at the ends. */
  taken(): Histogram {
    this.#join();
    let top = 0;
    while (top < BINS && this.#counts[top] === 0) top++;
    if (top === BINS) return { width: 1, first: 0, counts: new Uint32Array(0), total: 0 };
    let bottom = BINS - 1;
    while (this.#counts[bottom] === 0) bottom--;
    const counts = this.#counts.slice(top, bottom + 1).reverse();
    return { width: this.#width, first: this.#last - bottom, counts, total: this.#total };
  }

  /** Moves and widens the bins until the values from `least` to `greatest` lie inside. */
  #hold(least: number, greatest: number): void {
    if (this.#width === 0) {
      // At first a quarter to a half of the bins are filled: room to grow before anything must be merged.
      const extent = Math.max(greatest - least, Math.max(Math.abs(least), Math.abs(greatest)) * 2 ** -20, 2 ** -120);
      this.#width = 2 ** Math.ceil(Math.log2(extent / (BINS / 2)));
      this.#last = Math.ceil(greatest / this.#width) + BINS / 4;
    }
    for (;;) {
      const low = Math.min(this.#low, Math.ceil(least / this.#width));
      const high = Math.max(this.#high, Math.ceil(greatest / this.#width));
      if (high - low < BINS) {
        if (high > this.#last) this.#moveTo(high);
        else if (low <= this.#last - BINS) this.#moveTo(low + BINS - 1);
        this.#low = low;
        this.#high = high;
        return;
      }
      this.#merge();
    }
  }

  #join(): void {
    for (let i = 0; i < BINS; i++) this.#counts[i]! += this.#second[i]!;
    this.#second.fill(0);
  }

  #moveTo(last: number): void {
    this.#join();
    const moved = new Uint32Array(BINS);
    for (let i = 0; i < BINS; i++) if (this.#counts[i]! > 0) moved[i + last - this.#last] = this.#counts[i]!;
    this.#counts = moved;
    this.#last = last;
  }

  #merge(): void {
    this.#join();
    const merged = new Uint32Array(BINS);
    const last = Math.ceil(this.#last / 2) + BINS / 4;
    for (let i = 0; i < BINS; i++) merged[last - Math.ceil((this.#last - i) / 2)]! += this.#counts[i]!;
    this.#counts = merged;
    this.#last = last;
    this.#width *= 2;
    this.#low = Math.ceil(this.#low / 2);
    this.#high = Math.ceil(this.#high / 2);
  }
}
