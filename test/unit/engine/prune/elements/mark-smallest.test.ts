import fc from 'fast-check';
import { expect, it } from 'vitest';
import { markSmallest } from '../../../../../main/engine/prune/elements/mark-smallest.ts';

it('marks exactly so many, the smallest, the earlier of equals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (scores, share) => {
        const count = Math.round(share * scores.length);
        const marked: number[] = [];
        markSmallest(Float64Array.from(scores), count, (at) => marked.push(at));
        const sorted = scores.map((score, at) => ({ score, at })).sort((a, b) => a.score - b.score || a.at - b.at);
        expect(marked.sort((a, b) => a - b)).toEqual(
          sorted
            .slice(0, count)
            .map(({ at }) => at)
            .sort((a, b) => a - b),
        );
      },
    ),
    { seed: 4 },
  );
});
