import { describe, expect, it } from 'vitest';
import { allocateExactly, type GroupOption } from '../../../../main/judge/predict/allocate-exactly.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

/** Options of convex or any losses, costs proportional to what is kept, with some noise. */
function randomGroups(seed: number, count: number, sizes: number): GroupOption[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const dear = 1 + 9 * random();
    return Array.from({ length: sizes }, (_, at) => ({
      loss: at === sizes - 1 ? 0 : random() * (sizes - at),
      cost: dear * (at + 1 + 0.3 * random()),
    }));
  });
}

/** The least loss within the budget, by trying everything. */
function bruteForce(groups: readonly (readonly GroupOption[])[], budget: number): number {
  const [first, ...rest] = groups;
  if (first === undefined) return 0;
  return Math.min(
    ...first.filter(({ cost }) => cost <= budget).map(({ loss, cost }) => loss + bruteForce(rest, budget - cost)),
    Infinity,
  );
}

const total = (groups: readonly GroupOption[][]): number =>
  groups.reduce((sum, options) => sum + options.at(-1)!.cost, 0);

describe('allocateExactly', () => {
  it('chooses the dearer group to cut where its loss is smaller, as on paper', () => {
    const groups = [
      [{ loss: 5, cost: 1 }, { loss: 0, cost: 2 }],
      [{ loss: 3, cost: 10 }, { loss: 0, cost: 20 }],
    ]; // prettier-ignore
    expect(allocateExactly(groups, 12)).toEqual({ chosen: [1, 0], loss: 3, cost: 12 });
    expect(allocateExactly(groups, 22)).toEqual({ chosen: [1, 1], loss: 0, cost: 22 });
    expect(allocateExactly(groups, 11)).toEqual({ chosen: [0, 0], loss: 8, cost: 11 });
    expect(allocateExactly(groups, 10.9)).toBeUndefined();
  });

  it('is as good as trying everything', () => {
    for (let seed = 0; seed < 30; seed++) {
      const groups = randomGroups(seed, 5, 4);
      for (const share of [0.4, 0.6, 0.8]) {
        const budget = share * total(groups);
        const found = allocateExactly(groups, budget);
        expect(found?.loss ?? Infinity).toBeCloseTo(bruteForce(groups, budget), 10);
        if (found !== undefined) expect(found.cost).toBeLessThanOrEqual(budget);
      }
    }
  });

  it('stays within the budget and near the optimum where it has to round', () => {
    const groups = randomGroups(7, 30, 8);
    const budget = 0.5 * total(groups);
    const [exact, rounded] = [allocateExactly(groups, budget, 1e6)!, allocateExactly(groups, budget, 2000)!];
    expect(rounded.cost).toBeLessThanOrEqual(budget);
    expect(rounded.loss).toBeGreaterThanOrEqual(exact.loss - 1e-12);
    expect(rounded.loss).toBeLessThan(exact.loss * 1.02);
  });

  it('never chooses what must not be', () => {
    const groups = [[{ loss: Infinity, cost: 1 }, { loss: 1, cost: 3 }]]; // prettier-ignore
    expect(allocateExactly(groups, 5)?.chosen).toEqual([1]);
    expect(allocateExactly(groups, 2)).toBeUndefined();
  });
});
