import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fastestPartition,
  partitionMs,
  type TimedUnit,
  type TimedValue,
} from '../../../../../main/engine/quantize/speed/partition.ts';

const unit = (floatMs: number, integerMs: number): TimedUnit => ({ floatMs, integerMs });
const value = (madeBy: number | null, takenBy: readonly number[], rest: Partial<TimedValue> = {}): TimedValue => ({
  madeBy,
  takenBy,
  takenAsFloat: false,
  quantizeMs: 0.2,
  dequantizeMs: 0.3,
  ...rest,
});

describe('the fastest partition', () => {
  it('leaves a layer in float that conversions make slower: 1 against 0.6 + 0.2 + 0.3', () => {
    const chain = [value(null, [0]), value(0, [], { takenAsFloat: true })];
    expect(fastestPartition([unit(1, 0.6)], chain)).toEqual({ integer: [false], ms: 1 });
    const faster = fastestPartition([unit(1.2, 0.6)], chain);
    expect(faster.integer).toEqual([true]);
    expect(faster.ms).toBeCloseTo(1.1, 12);
  });

  it('carries a slow layer along where going out and back costs more than it loses', () => {
    const values = [value(null, [0]), value(0, [1]), value(1, [2]), value(2, [], { takenAsFloat: true })];
    // In integers 0.4 + 0.5 + 0.4 + 0.2 + 0.3; with the middle one in float 0.4 + 0.2 + 0.4 + two conversions more.
    const carried = fastestPartition([unit(2, 0.4), unit(0.2, 0.5), unit(2, 0.4)], values);
    expect(carried.integer).toEqual([true, true, true]);
    expect(carried.ms).toBeCloseTo(1.8, 12);
    const left = fastestPartition([unit(2, 0.4), unit(0.2, 0.8), unit(2, 0.4)], values);
    expect(left.integer).toEqual([true, false, true]);
    expect(left.ms).toBeCloseTo(2, 12);
  });

  it('counts the conversion of a value once, however many take it', () => {
    // One quantization of 0.2 serves both: 0.2 + 2 × 0.45 against 2 × 0.6.
    const units = [unit(0.6, 0.45), unit(0.6, 0.45)];
    const values = [value(null, [0, 1])];
    const found = fastestPartition(units, values);
    expect(found.integer).toEqual([true, true]);
    expect(found.ms).toBeCloseTo(1.1, 12);
  });

  it('converts back once for a value that some take as codes and some in float', () => {
    const units = [unit(2, 0.5), unit(2, 0.5)];
    const values = [value(0, [1], { takenAsFloat: true })];
    expect(fastestPartition(units, values)).toEqual({ integer: [true, true], ms: 1.3 });
  });

  it('is the best of all choices in random graphs', () => {
    const ms = fc.integer({ min: 0, max: 20 });
    const graphs = fc.integer({ min: 1, max: 7 }).chain((count) =>
      fc.tuple(
        fc.array(fc.record({ floatMs: ms, integerMs: ms }), { minLength: count, maxLength: count }),
        fc.array(
          fc.record({
            madeBy: fc.option(fc.integer({ min: 0, max: count - 1 })),
            takenBy: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: 3 }),
            takenAsFloat: fc.boolean(),
            quantizeMs: ms,
            dequantizeMs: ms,
          }),
          { maxLength: 8 },
        ),
      ),
    );
    fc.assert(
      fc.property(graphs, ([units, values]) => {
        const found = fastestPartition(units, values);
        let least = Infinity;
        for (let choice = 0; choice < 1 << units.length; choice++) {
          const integer = units.map((_, at) => ((choice >> at) & 1) === 1);
          least = Math.min(least, partitionMs(units, values, integer));
        }
        expect(found.ms).toBe(least);
        expect(partitionMs(units, values, found.integer)).toBe(least);
      }),
      { numRuns: 300 },
    );
  });
});
