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
  wideLoss: null,
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
    expect(found.map(({ precisions }) => precisions.join(' '))).toEqual([
      'float float float',
      'int8 float float',
      'int8 float int8',
      'int8 int8 int8',
    ]);
    // 3; 0.4 + 1 + 1 + 0.2; then 0.4 + 1 + 0.4 + 0.4; 1.2 + 0.2.
    expect(found.map(({ ms }) => Number(ms.toFixed(6)))).toEqual([3, 2.6, 2.2, 1.4]);
    expect(found.map(({ loss }) => Number(loss.toFixed(6)))).toEqual([0, 0.001, 0.003, 0.103]);
  });

  it('has choices between those that a weighted sum finds', () => {
    // Conversions make two neighbours go together: one alone gains little, so no price of a loss asks for it.
    const space = chain([group(1, 0.85, 0.01), group(1, 0.75, 0.01)]);
    expect(proposals(space, 'latency').map(({ precisions }) => precisions.join(' '))).toEqual([
      'float float',
      'float int8',
      'int8 int8',
    ]);
  });

  it('never puts into int8 what makes the outputs no number', () => {
    const found = proposals(chain([group(1, 0.1, Infinity), group(1, 0.1, 0.01)]), 'latency');
    expect(found.every(({ precisions }) => precisions[0] === 'float')).toBe(true);
    expect(found.at(-1)!.precisions).toEqual(['float', 'int8']);
  });

  it('has the least loss for each number of bytes', () => {
    const space = chain([group(1, 2, 0.04, 400), group(1, 2, 0.01, 400), group(1, 2, 0.02, 4000)]);
    const found = proposals(space, 'size');
    // All: 4800 bytes in float. The large one first: 3000 bytes less for 0.02; then the two others, 300 each.
    const short = (precisions: readonly string[]): string => precisions.map((one) => one[0]).join('');
    expect(found.map(({ precisions, bytes }) => [short(precisions), bytes])).toEqual([
      ['fff', 4800],
      ['fif', 4500],
      ['ffi', 1800],
      ['fii', 1500],
      ['iii', 1200],
    ]);
  });

  it('takes 16-bit activations where bytes count, which lose less and are as small, as few as will do', () => {
    const groups = [group(1, 2, 0.04), group(1, 2, 0.01)].map((each) => ({ ...each, wideLoss: each.loss / 10 }));
    const found = proposals(chain(groups), 'size');
    // In float 800 bytes; both in int16 200 for 0.005, then one in int8 after the other: 0.014, 0.05.
    expect(found.slice(-3).map(({ precisions, bytes }) => [precisions.join(' '), bytes])).toEqual([
      ['int16 int16', 200],
      ['int16 int8', 200],
      ['int8 int8', 200],
    ]);
    expect(found.slice(-3).map(({ loss }) => Number(loss.toFixed(6)))).toEqual([0.005, 0.014, 0.05]);
    // No kernel takes them: for time they are no choice.
    expect(proposals(chain(groups), 'latency').some(({ precisions }) => precisions.includes('int16'))).toBe(false);
  });

  it('is told in the times that were measured of the whole model', () => {
    // By its layers the model would take 2 ms in float and 1.2 in int8; measured were 4 and 3.
    const space = { ...chain([group(1, 0.5, 0.1), group(1, 0.5, 0.1)]), floatMs: 4, integerMs: 3 };
    expect(predicted(space, ['int8', 'int8']).ms).toBeCloseTo(3, 12);
    expect(predicted(space, ['float', 'float']).ms).toBe(4);
  });
});
