import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lampCounts } from '../../../../../main/engine/prune/elements/lamp.ts';
import { magnitudeBits } from '../../../../../main/engine/prune/elements/select-smallest.ts';

const counts = (layers: readonly Float32Array[], count: number): number[] =>
  lampCounts(
    layers.map((weights) => [magnitudeBits(weights)]),
    count,
  );

/** By the definition: every score, sorted. */
function byDefinition(layers: readonly Float32Array[], count: number): number[] {
  const scored = layers.flatMap((weights, layer) => {
    const squares = [...weights].map((weight) => weight ** 2).sort((a, b) => a - b);
    return squares.map((square, at) => {
      const rest = squares.slice(at).reduceRight((sum, each) => sum + each, 0);
      return { layer, score: square === 0 ? 0 : square / rest };
    });
  });
  const cut = scored.sort((a, b) => a.score - b.score || a.layer - b.layer).slice(0, count);
  return layers.map((_, layer) => cut.filter((each) => each.layer === layer).length);
}

describe('lampCounts', () => {
  it('compares weights by their share of what is left of their layer', () => {
    // squares 1, 4, 9: scores 1/14, 4/13, 1; squares 100, 100: scores 100/200, 1. The magnitudes alone would take 1, 2, 3.
    const layers = [Float32Array.of(-3, 1, 2), Float32Array.of(10, -10)];
    expect([1, 2, 3].map((count) => counts(layers, count))).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
    ]);
  });

  it('never empties a layer before the others are down to one weight', () => {
    const layers = [Float32Array.of(1e-6, 2e-6), Float32Array.of(1, 2, 3)];
    expect(counts(layers, 3)).toEqual([1, 2]);
    expect(counts(layers, 5)).toEqual([2, 3]);
  });

  it('takes zeros first', () => {
    expect(counts([Float32Array.of(0, 0, 0), Float32Array.of(0, 1)], 4)).toEqual([3, 1]);
  });

  it('is what sorting all scores gives, for any layers', () => {
    // Small integers times a power: sums of squares are exact, ties are many.
    const weight = fc
      .tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -3, max: 3 }))
      .map(([n, e]) => n * 2 ** e);
    const layer = fc.array(weight, { minLength: 1, maxLength: 40 }).map((weights) => Float32Array.from(weights));
    fc.assert(
      fc.property(
        fc.array(layer, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (layers, share) => {
          const count = Math.round(share * layers.reduce((sum, { length }) => sum + length, 0));
          expect(counts(layers, count)).toEqual(byDefinition(layers, count));
        },
      ),
      { seed: 11, numRuns: 300 },
    );
  });
});
