import { describe, expect, it } from 'vitest';
import { describe as predicted, proposals } from '../../../../main/engine/search/proposals.ts';
import type { SearchSpace, SpaceGroup } from '../../../../main/engine/search/search-space.ts';

const group = (floatMs: number, integerMs: number, loss: number, bytes = 400): SpaceGroup => ({
  layers: [`${floatMs} ${loss}`],
  floatMs,
  integerMs,
  floatBytes: bytes,
  integerBytes: bytes / 4,
  loss,
});

/** a → b → c, a conversion of 0.1 ms at each border that is crossed. */
const chain = (groups: readonly SpaceGroup[]): SearchSpace => {
  const border = { quantizeMs: 0.1, dequantizeMs: 0.1 };
  const values = groups.map((_, at) => ({
    ...border,
    madeBy: at === 0 ? null : at - 1,
    takenBy: [at],
    takenAsFloat: false,
  }));
  const last = { ...border, madeBy: groups.length - 1, takenBy: [], takenAsFloat: true };
  const sum = (of: (each: SpaceGroup) => number): number => groups.reduce((total, each) => total + of(each), 0);
  return {
    groups,
    values: [...values, last],
    floatMs: sum(({ floatMs }) => floatMs),
    integerMs: sum(({ integerMs }) => integerMs) + 0.2,
    allLoss: sum(({ loss }) => loss),
  };
};

describe('what a search proposes', () => {
  it('gives up time for loss, the layer that loses most for what it gains first', () => {
    const space = chain([group(1, 0.4, 0.001), group(1, 0.4, 0.1), group(1, 0.4, 0.002)]);
    const found = proposals(space, 'latency');
    expect(found.map(({ integer }) => integer)).toEqual([
      [false, false, false],
      [true, false, false],
      [true, false, true],
      [true, true, true],
    ]);
    // 3; 0.4 + 1 + 1 + 0.2; then 0.4 + 1 + 0.4 + 0.4; 1.2 + 0.2.
    expect(found.map(({ ms }) => Number(ms.toFixed(6)))).toEqual([3, 2.6, 2.2, 1.4]);
    expect(found.map(({ loss }) => Number(loss.toFixed(6)))).toEqual([0, 0.001, 0.003, 0.103]);
  });

  it('never puts into int8 what makes the outputs no number', () => {
    const found = proposals(chain([group(1, 0.1, Infinity), group(1, 0.1, 0.01)]), 'latency');
    expect(found.every(({ integer }) => integer[0] === false)).toBe(true);
    expect(found.at(-1)!.integer).toEqual([false, true]);
  });

  it('has the least loss for each number of bytes', () => {
    const space = chain([group(1, 2, 0.04, 400), group(1, 2, 0.01, 400), group(1, 2, 0.02, 4000)]);
    const found = proposals(space, 'size');
    // All: 4800 bytes in float. The large one first: 3000 bytes less for 0.02; then the two others, 300 each.
    expect(found.map(({ integer, bytes }) => [integer.map(Number).join(''), bytes])).toEqual([
      ['000', 4800],
      ['010', 4500],
      ['001', 1800],
      ['011', 1500],
      ['111', 1200],
    ]);
  });

  it('is told in the times that were measured of the whole model', () => {
    // By its layers the model would take 2 ms in float and 1.2 in int8; measured were 4 and 3.
    const space = { ...chain([group(1, 0.5, 0.1), group(1, 0.5, 0.1)]), floatMs: 4, integerMs: 3 };
    expect(predicted(space, [true, true]).ms).toBeCloseTo(3, 12);
    expect(predicted(space, [false, false]).ms).toBe(4);
  });
});
