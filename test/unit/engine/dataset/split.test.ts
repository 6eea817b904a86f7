import { describe, expect, it } from 'vitest';
import { WHOLE_SET, type Split } from '../../../../main/contract/data.ts';
import { splitIndices, splitSize } from '../../../../main/engine/dataset/split.ts';

const part = (name: 'calibration' | 'evaluation', share = 0.2, seed = 0): Split => ({ part: name, seed, share });
const unlabelled = (samples: number) => ({ name: 'set', samples, labels: null });
/** Classes that lie one after the other, as in folders: 60 of class 0, 30 of 1, 10 of 2. */
const labelled = {
  name: 'set',
  samples: 100,
  labels: Int32Array.from({ length: 100 }, (_, index) => (index < 60 ? 0 : index < 90 ? 1 : 2)),
};
const countsOf = (indices: Uint32Array | null): number[] => {
  const counts = [0, 0, 0];
  for (const index of indices!) counts[labelled.labels[index]!]!++;
  return counts;
};

describe('splitIndices', () => {
  it.each([2, 5, 10, 999, 1000])('cuts %d samples in two parts that share none and leave none out', (samples) => {
    for (const seed of [0, 1, 2]) {
      const calibration = splitIndices(unlabelled(samples), part('calibration', 0.3, seed), null)!;
      const evaluation = splitIndices(unlabelled(samples), part('evaluation', 0.3, seed), null)!;
      const all = [...calibration, ...evaluation].sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: samples }, (_, index) => index));
      expect(calibration.length).toBe(Math.round(0.3 * samples));
    }
  });

  it('keeps the proportions of the classes in both parts, and in the beginning of a part', () => {
    expect(countsOf(splitIndices(labelled, part('calibration'), null))).toEqual([12, 6, 2]);
    expect(countsOf(splitIndices(labelled, part('evaluation'), null))).toEqual([48, 24, 8]);
    const [a, b, c] = countsOf(splitIndices(labelled, part('evaluation'), 20));
    expect(Math.abs(a! - 12) + Math.abs(b! - 6) + Math.abs(c! - 2)).toBeLessThanOrEqual(3);
  });

  it('is the same for the same seed and another for another, and gives indices in order', () => {
    const draw = (seed: number) => splitIndices(unlabelled(100), part('calibration', 0.2, seed), null)!;
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect([...draw(3)]).toEqual([...draw(3)].sort((a, b) => a - b));
  });

  it('takes an uncut set as it lies, and of it the first so many', () => {
    expect(splitIndices(unlabelled(10), WHOLE_SET, null)).toBeNull();
    expect(splitIndices(unlabelled(10), WHOLE_SET, 10)).toBeNull();
    expect([...splitIndices(unlabelled(10), WHOLE_SET, 3)!]).toEqual([0, 1, 2]);
  });

  it('refuses to leave a part empty', () => {
    expect(() => splitIndices(unlabelled(2), part('calibration', 0.1), null)).toThrow(/leaves one part empty/u);
    expect(() => splitIndices(unlabelled(1), part('evaluation', 0.5), null)).toThrow(/leaves one part empty/u);
  });
});

it('counts a part without drawing it', () => {
  for (const name of ['calibration', 'evaluation'] as const) {
    expect(splitSize(unlabelled(999), part(name))).toBe(splitIndices(unlabelled(999), part(name), null)!.length);
  }
  expect(splitSize(unlabelled(999), WHOLE_SET)).toBe(999);
});
