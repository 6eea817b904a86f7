import { describe, expect, it } from 'vitest';
import { eliminateAtoms, type Consumer } from '../../../../../main/engine/prune/structure/eliminate-atoms.ts';
import { lossOf, swapAtoms } from '../../../../../main/engine/prune/structure/swap-atoms.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

/** A random least-squares problem whose columns fall to atoms in turns of `taps`; the last `free` columns to none. */
function problem(seed: number, { atoms = 6, taps = 2, outputs = 3, free = 0 } = {}): Consumer {
  const random = seededRandom(seed);
  const columns = atoms * taps + free;
  const rows = Array.from({ length: 40 }, () => Array.from({ length: columns }, () => random() - 0.5));
  // Columns that depend on each other, so that the order matters.
  for (const row of rows) for (let k = 1; k < columns; k++) row[k]! += 0.6 * row[k - 1]!;
  const targets = rows.map(() => Array.from({ length: outputs }, () => random() - 0.5));
  const gram = new Float64Array(columns * columns);
  const cross = new Float64Array(outputs * columns);
  for (const [at, row] of rows.entries()) {
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) gram[i * columns + j]! += row[i]! * row[j]!;
      for (let m = 0; m < outputs; m++) cross[m * columns + i]! += targets[at]![m]! * row[i]!;
    }
  }
  const own = Array.from({ length: atoms }, (_, atom) => Array.from({ length: taps }, (_, tap) => atom * taps + tap));
  return { columns, outputs, gram, cross, atoms: own };
}

const loss = (consumers: readonly Consumer[], kept: readonly number[]): number =>
  runNow(lossOf(consumers, kept, consumers.map(() => 1))); // prettier-ignore

/** All subsets of a size. */
function* subsets(count: number, size: number, first = 0): Generator<number[]> {
  if (size === 0) yield [];
  else
    for (let at = first; at <= count - size; at++) {
      for (const rest of subsets(count, size - 1, at + 1)) yield [at, ...rest];
    }
}

const all = [0, 1, 2, 3, 4, 5];

describe('eliminateAtoms', () => {
  it('takes the atom whose removal costs least, as two weights on paper', () => {
    // H = I, G = (3, 1, 2): removing a weight costs its square.
    const consumer = { columns: 3, outputs: 1, gram: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), cross: Float64Array.of(3, 1, 2), atoms: [[0], [1], [2]] }; // prettier-ignore
    const { order, losses } = runNow(eliminateAtoms([consumer], { least: 0 }));
    expect(order).toEqual([1, 2, 0]);
    [0, 1, 5, 14].forEach((value, at) => expect(losses[at]).toBeCloseTo(value, 10));
  });

  it('knows the exact loss after each removal, for one consumer and for several', () => {
    for (const consumers of [
      [problem(1)],
      [problem(2, { free: 3 })],
      [problem(3), problem(4, { taps: 1, outputs: 5 })],
    ]) {
      const { order, losses } = runNow(eliminateAtoms(consumers, { least: 1 }));
      const whole = loss(consumers, all);
      for (let removed = 0; removed <= order.length; removed++) {
        const kept = all.filter((atom) => !order.slice(0, removed).includes(atom));
        expect(losses[removed]).toBeCloseTo(loss(consumers, kept) - whole, 8);
      }
    }
  });

  it('makes the best first choice of all', () => {
    for (let seed = 10; seed < 20; seed++) {
      const consumers = [problem(seed), problem(seed + 100, { taps: 3 })];
      const { order } = runNow(eliminateAtoms(consumers, { least: 5 }));
      const best = all.map((atom) => loss(consumers, all.filter((other) => other !== atom))); // prettier-ignore
      expect(best[order[0]!]).toBe(Math.min(...best));
    }
  });
});

describe('swapAtoms', () => {
  it('finds the best of all subsets, or comes within a fifth of what choosing can save', () => {
    let exact = 0;
    for (let seed = 20; seed < 50; seed++) {
      const consumers = [problem(seed)];
      const losses = [...subsets(6, 3)].map((kept) => loss(consumers, kept));
      const [best, worst] = [Math.min(...losses), Math.max(...losses)];
      const { order } = runNow(eliminateAtoms(consumers, { least: 3 }));
      const greedy = all.filter((atom) => !order.includes(atom));
      const found = runNow(swapAtoms(consumers, greedy));
      expect(found.loss).toBeLessThanOrEqual(loss(consumers, greedy) + 1e-9);
      expect(found.loss).toBeCloseTo(loss(consumers, found.kept), 9);
      expect((found.loss - best) / (worst - best)).toBeLessThan(0.2);
      if (found.loss < best + 1e-9) exact++;
    }
    expect(exact).toBeGreaterThanOrEqual(24);
  });

  it('comes back from the worst subset', () => {
    for (let seed = 60; seed < 70; seed++) {
      const consumers = [problem(seed), problem(seed + 1, { taps: 1 })];
      const ranked = [...subsets(6, 3)].sort((a, b) => loss(consumers, a) - loss(consumers, b));
      const found = runNow(swapAtoms(consumers, ranked.at(-1)!));
      expect(found.loss).toBeLessThanOrEqual(loss(consumers, ranked[4]!) + 1e-9);
    }
  });

  it('leaves a set alone that holds everything', () => {
    const consumers = [problem(5)];
    expect(runNow(swapAtoms(consumers, all)).kept).toEqual(all);
  });
});
