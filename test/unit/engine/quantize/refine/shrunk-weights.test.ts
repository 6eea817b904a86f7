import { describe, expect, it } from 'vitest';
import { chooseRidge, followTargets } from '../../../../../main/engine/quantize/refine/shrunk-weights.ts';
import type { GroupSums } from '../../../../../main/engine/sums/group-sums.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

/** Sums of one output over these columns and targets. */
function sumsOf(x: readonly (readonly number[])[], t: readonly number[]): GroupSums {
  const columns = x[0]!.length;
  const gram = new Float64Array(columns * columns);
  const [cross, columnTotals] = [new Float64Array(columns), new Float64Array(columns)];
  for (const [at, row] of x.entries()) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) gram[i * columns + j]! += row[i]! * row[j]!;
      cross[i]! += row[i]! * t[at]!;
      columnTotals[i]! += row[i]!;
    }
  }
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return {
    columns, outputs: 1, count: x.length, gram, cross, columnTotals,
    targetTotals: Float64Array.of(total(t)), targetSquares: Float64Array.of(total(t.map((value) => value * value))),
  }; // prettier-ignore
}

const COLUMNS = 6;
const WEIGHTS = Float64Array.from({ length: COLUMNS }, (_, at) => at - 2);

/** Halves of samples whose targets these weights give, but for noise. */
function halves(count: number, weights: Float64Array, noise: number): [GroupSums, GroupSums] {
  const random = seededRandom(3);
  const half = (): GroupSums => {
    const x = Array.from({ length: count }, () => Array.from({ length: COLUMNS }, () => random() - 0.5));
    const t = x.map((row) => row.reduce((sum, value, at) => sum + value * weights[at]!, noise * (random() - 0.5)));
    return sumsOf(x, t);
  };
  return [half(), half()];
}

describe('weights that follow targets', () => {
  it('go half of the way where the ridge is as heavy as the data', () => {
    // Two columns that do not hang together, Σx² = 4 each: (4 · 3 + 4 · 1) / 8 = 2, and (4 · −1 + 4 · 1) / 8 = 0.
    const x = [[2, 0], [0, 2]]; // prettier-ignore
    const weights = runNow(followTargets(Float64Array.of(1, 1), sumsOf(x, [6, -2]), 1, false));
    expect([...weights].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([2, 0]);
  });

  it('leave means to the bias where they are centred', () => {
    const x = [[1], [3]]; // prettier-ignore
    // Targets 7 and 11: 2x + 5, and a bias takes up the 5.
    expect(runNow(followTargets(Float64Array.of(0), sumsOf(x, [7, 11]), 1e-9, true))[0]).toBeCloseTo(2, 6);
  });

  it('may move freely where the targets are those of other weights', () => {
    const others = WEIGHTS.map((weight) => 1.3 * weight + 0.2);
    const group = { weights: WEIGHTS, bias: new Float64Array(1), halves: halves(200, others, 0.01) };
    const ridge = runNow(chooseRidge([group], false));
    expect(ridge).toBeLessThan(0.1);
    const followed = runNow(followTargets(WEIGHTS, group.halves[0], ridge, false));
    for (const [at, weight] of followed.entries()) expect(Math.abs(weight - others[at]!)).toBeLessThan(0.1);
  });

  it('stay where the targets differ by chance alone', () => {
    const group = { weights: WEIGHTS, bias: new Float64Array(1), halves: halves(12, WEIGHTS, 3) };
    expect(runNow(chooseRidge([group], false))).toBeGreaterThanOrEqual(3);
  });
});
