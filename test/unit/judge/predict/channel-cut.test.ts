import { describe, expect, it } from 'vitest';
import { atomsKept, channelCut, channelsAt, cutAsMade } from '../../../../main/judge/predict/channel-cut.ts';
import { channelStep } from '../../../support/recipes.ts';
import { threeUnitPlan } from './cases.ts';

const ANY = { align: 1, minimum: 1 } as const;
const plan = threeUnitPlan();

describe('channelCut', () => {
  it('keeps as many units as the target allows, and tells what is left of 9 multiply–accumulates', () => {
    const cut = channelCut(plan, channelStep({ ...ANY, target: { macs: 0.7 } }))!;
    expect([...cut.kept]).toEqual([2]);
    expect(cut.totals).toMatchObject({ macs: 6, parameters: 6, bytes: 24 });
    expect(cut.full).toMatchObject({ macs: 9, parameters: 9, bytes: 36 });
    expect(cut).toMatchObject({ share: 6 / 9, met: true });
  });

  it('loses the share of squared norms of the units that go: 1 of 1 + 9 + 4', () => {
    expect(channelCut(plan, channelStep({ ...ANY, target: { macs: 0.7 } }))!.strength).toBeCloseTo(1 / 14, 12);
    // By L1 the last unit goes, whose squared norm is 4.
    expect(channelCut(plan, channelStep({ ...ANY, score: 'l1', target: { macs: 0.7 } }))!.strength).toBeCloseTo(
      4 / 14,
      12,
    );
  });

  it('says how far the narrowest widths get where the target lies below', () => {
    expect(channelCut(plan, channelStep({ ...ANY, target: { macs: 0.2 } }))).toMatchObject({
      share: 1 / 3,
      met: false,
    });
    expect(channelCut(plan, channelStep({ ...ANY, exclude: ['a'] }))).toMatchObject({ share: 1, met: false });
  });

  it('takes the width that a group was given', () => {
    expect([...channelCut(plan, channelStep({ ...ANY, widths: { a: 1 }, target: { macs: 0.9 } }))!.kept]).toEqual([1]);
  });

  it('cannot tell widths that are timed, and takes those that were', () => {
    const timed = channelStep({ ...ANY, target: { latency: 0.5 } });
    expect(channelCut(plan, timed)).toBeNull();
    expect(channelCut(plan, { ...timed, widths: { a: 2 } })).toMatchObject({
      share: null,
      met: true,
      totals: { macs: 6 },
    });
  });

  it('knows widths but not which atoms go where the score is not in the plan', () => {
    expect(channelCut(plan, channelStep({ ...ANY, score: 'random' }))).toMatchObject({ strength: null });
  });

  it('shows the same share everywhere where only the cut tells how much goes where, and says so', () => {
    const guessed = channelCut(plan, channelStep({ ...ANY, score: 'random', scope: 'global', target: { macs: 0.7 } }))!;
    expect([[...guessed.kept], guessed.guess]).toEqual([[2], 'even']);
    const optimal = channelStep({ ...ANY, score: 'obs', target: { macs: 0.7 } });
    expect(channelCut(plan, optimal)).toMatchObject({ guess: 'even', met: true });
    expect(channelCut(plan, channelStep({ ...ANY, target: { macs: 0.7 } }))!.guess).toBeNull();
  });

  it('takes the widths of the cut that was made in place of guessed ones', () => {
    const step = channelStep({ ...ANY, score: 'obs', target: { macs: 0.7 } });
    const guessed = channelCut(plan, step)!;
    const made = cutAsMade(plan, step, guessed, [{ name: 'a', channels: { after: 1 } }]);
    expect([[...made.kept], made.guess, made.totals.macs]).toEqual([[1], null, 3]);
    expect(cutAsMade(plan, step, guessed, [])).toBe(guessed);
  });
});

describe('atomsKept', () => {
  it('marks the highest scores in the order of the atoms', () => {
    expect([...atomsKept(plan, 'l2', 0, 2)!]).toEqual([0, 1, 1]);
    expect([...atomsKept(plan, 'l1', 0, 1)!]).toEqual([1, 0, 0]);
    expect(atomsKept(plan, 'fpgm', 0, 1)).toBeNull();
  });
});

it('channelsAt counts what always stays beside what groups keep', () => {
  const channels = {
    fixed: 5,
    parts: [
      { group: 0, each: 4 },
      { group: 1, each: 1 },
    ],
  };
  expect(channelsAt({ name: 'join', op: 'Conv', channels }, [2, 3])).toBe(5 + 8 + 3);
});
