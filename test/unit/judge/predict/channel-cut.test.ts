import { describe, expect, it } from 'vitest';
import { atomsKept, channelCut, channelsAt } from '../../../../main/judge/predict/channel-cut.ts';
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

  it('knows widths but not which atoms go where the score is not in the plan, and nothing where widths follow from it', () => {
    expect(channelCut(plan, channelStep({ ...ANY, score: 'random' }))).toMatchObject({ strength: null });
    expect(channelCut(plan, channelStep({ ...ANY, score: 'random', scope: 'global' }))).toBeNull();
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
