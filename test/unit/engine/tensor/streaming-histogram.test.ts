import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamingHistogram, type Histogram } from '../../../../main/engine/tensor/streaming-histogram.ts';

function histogramOf(...pieces: readonly (readonly number[])[]): Histogram {
  const histogram = new StreamingHistogram();
  for (const piece of pieces) histogram.add(Float32Array.from(piece), Math.min(...piece), Math.max(...piece));
  return histogram.taken();
}

/** The filled bins: where each ends, and its count. */
const filled = ({ width, first, counts }: Histogram): (readonly [number, number])[] =>
  [...counts].flatMap((count, bin) => (count === 0 ? [] : [[(first + bin) * width, count] as const]));

describe('a histogram that grows', () => {
  it('counts values in bins that end at multiples of a power of two, zeros by themselves', () => {
    const histogram = histogramOf([0, 0, 1, 4096], [0.5, -1]);
    // 8,192 bins of which the first piece fills half: one for each unit.
    expect(histogram.width).toBe(1);
    expect(filled(histogram)).toEqual([
      [-1, 1],
      [0, 2],
      [1, 2],
      [4096, 1],
    ]);
    expect(histogram.total).toBe(6);
  });

  it('makes bins wider where values lie beyond, each the sum of two', () => {
    const histogram = histogramOf([0, 1, 2, 3, 4096], [-1, 9000]);
    expect(histogram.width).toBe(2);
    expect(filled(histogram)).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
      [4096, 1],
      [9000, 1],
    ]);
  });

  it('leaves out pieces that are not finite, and masks', () => {
    expect(histogramOf([NaN], [Infinity], [-3.4e38, 1], [1]).total).toBe(1);
    expect(histogramOf([NaN], []).counts.length).toBe(0);
  });

  it('holds each value in the bin that it lies in, in whatever pieces values come', () => {
    const pieces = fc.array(
      fc.array(
        fc.integer({ min: -1e6, max: 1e6 }).map((value) => value / 16),
        { minLength: 1 },
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(pieces, (given) => {
        const histogram = histogramOf(...given);
        const expected = new Map<number, number>();
        for (const value of given.flat()) {
          const end = Math.ceil(value / histogram.width) * histogram.width + 0;
          expected.set(end, (expected.get(end) ?? 0) + 1);
        }
        expect(new Map(filled(histogram))).toEqual(expected);
        expect(histogram.total).toBe(given.flat().length);
      }),
    );
  });
});
