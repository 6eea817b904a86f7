import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparseGpt, type Wanted } from '../../../../../main/engine/prune/elements/sparse-gpt.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

const single = { rows: 1, columns: 1 };

/** Σx·xᵀ of some rows of inputs. */
function gramOf(inputs: readonly (readonly number[])[]): Float64Array {
  const columns = inputs[0]!.length;
  const gram = new Float64Array(columns * columns);
  for (const x of inputs)
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) gram[i * columns + j]! += x[i]! * x[j]!;
  return gram;
}

/** Σ over inputs and rows of (difference of weights · x)². */
function lossOf(before: Float64Array, after: Float64Array, inputs: readonly (readonly number[])[]): number {
  const columns = inputs[0]!.length;
  let loss = 0;
  for (const x of inputs) {
    for (let row = 0; row * columns < before.length; row++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (after[row * columns + j]! - before[row * columns + j]!) * x[j]!;
      loss += sum ** 2;
    }
  }
  return loss;
}

function normals(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random() + random() + random() - 1.5);
}

describe('sparseGpt', () => {
  it('lets the weight that stays take over for one whose input it shares', () => {
    // Inputs always alike: 1·x + 3·x becomes 0·x + 4·x, but for the damping: the gram is [[1.01, 1], [1, 1.01]].
    const weights = Float64Array.of(1, 3);
    const mask = runNow(sparseGpt(weights, Float64Array.of(1, 1, 1, 1), { count: 1, block: single }));
    expect([...mask]).toEqual([1, 0]);
    expect(weights[0]).toBe(0);
    // the best for the damped gram: 3 + 1/1.01
    expect(weights[1]).toBeCloseTo(3 + 1 / 1.01, 9);
  });

  it('is magnitude pruning, and moves nothing, where inputs have nothing to do with each other', () => {
    const weights = Float64Array.of(0.5, -2, 1, -0.25);
    const mask = runNow(
      sparseGpt(weights, Float64Array.of(4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4), {
        count: 2,
        block: single,
      }),
    );
    expect([...mask]).toEqual([1, 0, 0, 1]);
    expect([...weights]).toEqual([0, -2, 1, 0]);
  });

  it('weighs by the inputs: the greater weight goes where its input is hardly there', () => {
    const weights = Float64Array.of(1, 3);
    const mask = runNow(sparseGpt(weights, Float64Array.of(100, 0, 0, 0.01), { count: 1, block: single }));
    expect([...mask]).toEqual([0, 1]);
  });

  it('keeps the pattern in every group, and cuts whole blocks', () => {
    const kinds = fc.constantFrom<Wanted>(
      { kept: 2, of: 4 },
      { kept: 4, of: 8 },
      { count: 7, block: { rows: 4, columns: 1 } },
      { count: 5, block: { rows: 1, columns: 4 } },
    );
    fc.assert(
      fc.property(kinds, fc.nat(), fc.constantFrom(8, 136), (wanted, seed, columns) => {
        const rows = 8;
        const inputs = Array.from({ length: 20 }, (_, at) => normals(seed + at, columns));
        const weights = Float64Array.from(normals(seed, rows * columns));
        const mask = runNow(sparseGpt(weights, gramOf(inputs), wanted));
        for (let at = 0; at < mask.length; at++) expect(weights[at] === 0).toBe(mask[at] === 1);
        const [high, wide] = 'kept' in wanted ? [1, wanted.of] : [wanted.block.rows, wanted.block.columns];
        const sums: number[] = [];
        for (let row = 0; row < rows; row += high) {
          for (let column = 0; column < columns; column += wide) {
            let sum = 0;
            for (let r = row; r < row + high; r++)
              for (let c = column; c < column + wide; c++) sum += mask[r * columns + c]!;
            sums.push(sum);
          }
        }
        if ('kept' in wanted) expect(new Set(sums)).toEqual(new Set([wanted.of - wanted.kept]));
        else {
          expect(sums.every((sum) => sum === 0 || sum === high * wide)).toBe(true);
          expect(sums.filter((sum) => sum > 0)).toHaveLength(wanted.count);
        }
      }),
      { seed: 2, numRuns: 25 },
    );
  });

  it('changes the outputs less than magnitudes do, the more the inputs have to do with each other', () => {
    const [rows, columns, count] = [16, 160, 400];
    const mixing = Array.from({ length: 12 }, (_, at) => normals(100 + at, columns));
    // 12 hidden causes and a little of its own for each input
    const inputs = Array.from({ length: count }, (_, at) => {
      const [causes, own] = [normals(1000 + at, 12), normals(5000 + at, columns)];
      return own.map((each, j) => 0.3 * each + causes.reduce((sum, cause, k) => sum + cause * mixing[k]![j]!, 0));
    });
    const before = Float64Array.from(normals(7, rows * columns));
    const solved = before.slice();
    runNow(sparseGpt(solved, gramOf(inputs), { count: (rows * columns) / 2, block: single }));
    expect(solved.filter((weight) => weight === 0)).toHaveLength((rows * columns) / 2);
    const median = before.map(Math.abs).sort()[(rows * columns) / 2 - 1]!;
    const magnitude = before.map((weight) => (Math.abs(weight) <= median ? 0 : weight));
    expect(lossOf(before, solved, inputs)).toBeLessThan(0.2 * lossOf(before, magnitude, inputs));
  });

  it('can do with inputs that are always zero', () => {
    const weights = Float64Array.of(1, 2, 3, 4);
    const mask = runNow(sparseGpt(weights, new Float64Array(16), { kept: 2, of: 4 }));
    expect([...mask]).toEqual([1, 1, 0, 0]);
    expect([...weights]).toEqual([0, 0, 3, 4]);
  });
});
