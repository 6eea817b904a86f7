import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMagnitudes, magnitudesOf, placeOfBin } from '../../../../main/judge/predict/magnitudes.ts';

const edges = Float64Array.from({ length: 2049 }, (_, at) => (at === 0 ? 0 : 2 ** ((at - 2048) / 85)));
const layerOf = (histogram: Uint8Array) => ({
  name: 'l',
  op: 'Conv',
  weights: 0,
  macs: null,
  inputs: null,
  readable: true,
  histogram,
});

describe('a histogram of magnitudes', () => {
  it('is read as it was written, energies to a 500th of the width of each bin', () => {
    const bin = fc.tuple(
      fc.integer({ min: 0, max: 2048 }),
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(bin, { maxLength: 40 }), (bins) => {
        const counts = new Uint32Array(edges.length);
        const energies = new Float64Array(edges.length);
        for (const [at, count, place] of bins) {
          counts[at] = count;
          const low = at === 0 ? 0 : edges[at - 1]! ** 2;
          energies[at] = at === 0 ? 0 : count * (low + place * (edges[at]! ** 2 - low));
        }
        const read = magnitudesOf(layerOf(encodeMagnitudes({ counts, energies }, edges)), edges);
        let count = 0;
        let energy = 0;
        let allowed = 1e-300;
        for (let at = 0; at < edges.length; at++) {
          count += counts[at]!;
          energy += energies[at]!;
          if (counts[at] === 0) continue;
          allowed += counts[at]! * edges[at]! ** 2 * 1e-9;
          if (at > 0) allowed += (counts[at]! * (edges[at]! ** 2 - edges[at - 1]! ** 2)) / 500;
          const place = placeOfBin(read, at);
          expect(read.cumulative[place]).toBe(count % 2 ** 32);
          expect(Math.abs(read.cumulativeEnergy[place]! - energy)).toBeLessThanOrEqual(allowed);
        }
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it('of 32 weights in one place takes a handful of bytes', () => {
    const counts = new Uint32Array(edges.length);
    const energies = new Float64Array(edges.length);
    counts[2000] = 32;
    energies[2000] = 32 * edges[2000]! ** 2;
    expect(encodeMagnitudes({ counts, energies }, edges)).toHaveLength(5);
  });
});
