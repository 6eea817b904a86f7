/** Codes of keys and values that attention keeps: symmetric, with the scales of what was seen. */
import { assert } from '../../base/errors.ts';
import { roundHalfEven } from '../tensor/rounding.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { clamp } from './rounding.ts';

/** The largest magnitude of each channel of each head of a cache [batch, heads, rows, size], in the rows that are filled. */
export class Extremes {
  #largest: Float32Array = new Float32Array();
  #heads = 0;

  /** @param lengths int32, one for each of the batch: filled rows less one; undefined: all are */
  add({ dims, data }: HostTensor, lengths: HostTensor | undefined): void {
    const [batch = 0, heads = 0, rows = 0, size = 0] = dims;
    const values = data as Float32Array;
    if (this.#heads === 0) {
      this.#heads = heads;
      this.#largest = new Float32Array(heads * size);
    }
    for (let sample = 0; sample < batch; sample++) {
      const filled = lengths === undefined ? rows : Math.min(rows, Number(lengths.data[sample] ?? rows - 1) + 1);
      for (let head = 0; head < heads; head++) {
        for (let row = 0; row < filled; row++) {
          const from = ((sample * heads + head) * rows + row) * size;
          for (let i = 0; i < size; i++) {
            const channel = head * size + i;
            const magnitude = Math.abs(values[from + i]!);
            if (magnitude > this.#largest[channel]!) this.#largest[channel] = magnitude;
          }
        }
      }
    }
  }

  get heads(): number {
    return this.#heads;
  }

  /** [heads · size] */
  get largest(): Float32Array {
    return this.#largest;
  }
}

/** Largest code by bits. */
const TOP = { 8: 127, 4: 7 } as const;

/**
 * Scales of a cache: its largest magnitudes over the largest code; 1 where nothing was seen.
 * @param largest [heads · size]
 * @returns [1], or [1, heads, 1, size] with a scale for each channel
 */
export function cacheScales(
  largest: Float32Array,
  heads: number,
  { bits, perChannel }: { readonly bits: 8 | 4; readonly perChannel: boolean },
): { readonly values: Float32Array; readonly dims: readonly number[] } {
  const scaleOf = (magnitude: number): number => (magnitude > 0 ? Math.fround(magnitude / TOP[bits]) : 1);
  if (perChannel) {
    return { values: Float32Array.from(largest, scaleOf), dims: [1, heads, 1, largest.length / Math.max(1, heads)] };
  }
  const all = largest.reduce((most, magnitude) => Math.max(most, magnitude), 0);
  return { values: Float32Array.of(scaleOf(all)), dims: [1] };
}

/**
 * A cache as codes: int8, or two codes of 4 bits in each uint8, the first in the low half, 8 standing for zero.
 * @param cache float32 [batch, heads, rows, size]
 * @param scales as `cacheScales` gives them
 */
export function cacheCodes({ dims, data }: HostTensor, scales: Float32Array, bits: 8 | 4): HostTensor {
  const [, heads = 1, rows = 0, size = 0] = dims;
  const values = data as Float32Array;
  const codes = new Int8Array(values.length);
  for (let at = 0; at < codes.length; at++) {
    const channel = (Math.floor(at / (rows * size)) % heads) * size + (at % size);
    const steps = roundHalfEven(values[at]! / scales[scales.length === 1 ? 0 : channel]!);
    codes[at] = clamp(steps, -TOP[bits] - 1, TOP[bits]);
  }
  if (bits === 8) return { dtype: 'int8', dims, data: codes };
  assert(size % 2 === 0, 'two codes share a byte');
  const packed = Uint8Array.from(
    { length: codes.length / 2 },
    (_, at) => (codes[2 * at]! + 8) | ((codes[2 * at + 1]! + 8) << 4),
  );
  return { dtype: 'uint8', dims: [...dims.slice(0, -1), size / 2], data: packed };
}
