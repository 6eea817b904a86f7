import { describe, expect, it } from 'vitest';
import { decodeBlocks, type BlockFormat } from '../../../../../main/engine/quantize/weight-only/block-codes.ts';
import { outputEnergy } from '../../../../../main/engine/quantize/weight-only/coding-errors.ts';
import { descendCodes } from '../../../../../main/engine/quantize/weight-only/descend-codes.ts';
import { gptq } from '../../../../../main/engine/quantize/weight-only/gptq.ts';
import { roundToNearest } from '../../../../../main/engine/quantize/weight-only/round-to-nearest.ts';
import { searchRange } from '../../../../../main/engine/quantize/weight-only/search-ranges.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

const format = (bits: 2 | 4 | 8, block: number, symmetric: boolean): BlockFormat => ({
  bits,
  block,
  symmetric,
  roundScale: Math.fround,
});

/** Inputs that have much to do with each other, and the sums of their products. */
function correlatedGram(columns: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const hidden = 6;
  const mix = Float64Array.from({ length: columns * hidden }, () => random() - 0.5);
  const gram = new Float64Array(columns * columns);
  for (let sample = 0; sample < 400; sample++) {
    const source = Array.from({ length: hidden }, () => random() - 0.5);
    const x = Array.from({ length: columns }, (_, at) =>
      source.reduce((sum, value, k) => sum + value * mix[at * hidden + k]!, 0.1 * (random() - 0.5)),
    );
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) gram[i * columns + j]! += x[i]! * x[j]!;
  }
  return gram;
}

describe('gptq', () => {
  it('lets the later of two equal inputs make up for the error of the earlier', () => {
    // Steps of 1, weights 0.4 and 0.4, inputs always alike: nearest codes give 0, but the sum of the outputs wants 0.8.
    const weights = Float64Array.of(0.4, 0.4, 7, -8);
    const gram = new Float64Array(16);
    for (const i of [0, 1]) for (const j of [0, 1]) gram[i * 4 + j] = 1;
    // The others keep the scale at 1; their inputs hardly occur.
    gram[10] = gram[15] = 1e-3;
    const [range] = [searchRange(weights, { start: 2, end: 4 }, Float64Array.of(0, 0, 1, 1), format(4, 4, true))];
    expect(range.scale).toBe(1);
    const made = decodeBlocks(runNow(gptq(weights, gram, { rows: 1, columns: 4 }, format(8, 4, true))));
    expect(made[0]! + made[1]!).toBeCloseTo(0.8, 1);
  });

  it('keeps to codes that reach as far on either side, with scales above 0', () => {
    const shape = { rows: 4, columns: 30 };
    const random = seededRandom(5);
    const weights = Float64Array.from({ length: 120 }, () => random() - 0.6);
    const gram = correlatedGram(30, 2);
    const made = runNow(gptq(weights.slice(), gram, shape, { ...format(4, 30, true), reach: 5 }));
    runNow(descendCodes(made, Float32Array.from(weights), gram));
    expect(Math.max(...made.codes)).toBeLessThanOrEqual(10);
    expect(Math.min(...made.codes)).toBe(0);
    expect(Math.min(...made.scales)).toBeGreaterThan(0);
    // Given scales stay.
    const scales = Float32Array.of(0.1, 0.2, 0.1, 0.3);
    const given = runNow(gptq(weights.slice(), gram, shape, { ...format(4, 30, true), reach: 5 }, scales));
    runNow(descendCodes(given, Float32Array.from(weights), gram, false));
    expect([...given.scales]).toEqual([...scales]);
  });

  it.each([
    { bits: 4 as const, symmetric: true },
    { bits: 4 as const, symmetric: false },
    { bits: 2 as const, symmetric: false },
    { bits: 8 as const, symmetric: true },
  ])(
    'errs at most 0.8 times as much as nearest codes in the outputs: $bits bits, symmetric $symmetric',
    ({ bits, symmetric }) => {
      const shape = { rows: 24, columns: 200 };
      const random = seededRandom(9);
      const weights = Float32Array.from({ length: shape.rows * shape.columns }, () => random() + random() - 1);
      const gram = correlatedGram(shape.columns, 4);
      const errorOf = (made: Float32Array): number =>
        runNow(
          outputEnergy(
            made.map((value, at) => value - weights[at]!),
            shape,
            gram,
          ),
        );
      const nearest = errorOf(decodeBlocks(runNow(roundToNearest(weights, shape, format(bits, 32, symmetric)))));
      const codes = runNow(gptq(Float64Array.from(weights), gram, shape, format(bits, 32, symmetric)));
      const before = errorOf(decodeBlocks(codes));
      expect(before).toBeLessThan(0.8 * nearest);
      runNow(descendCodes(codes, weights, gram));
      expect(errorOf(decodeBlocks(codes))).toBeLessThanOrEqual(before);
    },
  );

  it('codes columns whose inputs never occur too', () => {
    const weights = Float32Array.of(1, -2, 3, 0.5);
    const codes = runNow(
      gptq(Float64Array.from(weights), new Float64Array(16), { rows: 1, columns: 4 }, format(8, 4, true)),
    );
    for (const [at, value] of decodeBlocks(codes).entries()) expect(value).toBeCloseTo(weights[at]!, 1);
  });
});

describe('descendCodes', () => {
  it('moves a code where its neighbours leave an error that it can take up', () => {
    // Equal inputs, steps of 1: codes 0 and 0 for 0.4 and 0.4 become 1 and 0.
    const codes = runNow(roundToNearest(Float32Array.of(0.4, 0.4, -8), { rows: 1, columns: 3 }, format(4, 4, true)));
    expect([...decodeBlocks(codes)]).toEqual([0, 0, -8]);
    const gram = Float64Array.of(1, 1, 0, 1, 1, 0, 0, 0, 1000);
    runNow(descendCodes(codes, Float32Array.of(0.4, 0.4, -8), gram));
    const made = decodeBlocks(codes);
    expect([...made.subarray(0, 2)].map(Math.round).toSorted()).toEqual([0, 1]);
    expect(made[2]).toBeCloseTo(-8, 2);
  });
});

describe('outputEnergy', () => {
  it('is Σ|W·x|² of the inputs that the sums tell of', () => {
    // x = (1, 2) and (3, −1): W·x = 1·1 + 2·2 = 5, and 1·3 − 2·1 = 1
    const gram = Float64Array.of(10, -1, -1, 5);
    expect(runNow(outputEnergy(Float32Array.of(1, 2), { rows: 1, columns: 2 }, gram))).toBeCloseTo(26, 9);
  });
});
