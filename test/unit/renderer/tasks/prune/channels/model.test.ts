import { describe, expect, it } from 'vitest';
import { channelCut } from '../../../../../../main/judge/predict/channel-cut.ts';
import {
  countWords,
  cutNote,
  errorWords,
  groupRows,
  handWidths,
  layersOf,
  narrowestShare,
  nearestWidth,
  scoreCurve,
  widthByKey,
  widthWords,
  withWidth,
} from '../../../../../../renderer/tasks/prune/channels/model.ts';
import { barAt, barsOf } from '../../../../../../renderer/tasks/prune/channels/draw-widths.ts';
import { channelStep } from '../../../../../support/recipes.ts';
import { threeUnitPlan } from '../../../../judge/predict/cases.ts';

const ANY = { align: 1, minimum: 1 } as const;
const plan = threeUnitPlan();
const step = channelStep({ ...ANY, target: { macs: 0.7 } });

describe('groupRows', () => {
  it('tells what every group keeps and loses, then what is frozen and why', () => {
    const rows = groupRows(plan, step, channelCut(plan, step));
    expect(rows.map(({ name, kept, atoms, own, frozen }) => [name, kept, atoms, own, frozen])).toEqual([
      ['a', 2, 3, false, null],
      ['head', 0, 0, false, "'y' is an output of the model"],
    ]);
    // Of the squared norms 1, 9 and 4 the least goes.
    expect(rows[0]!.lost).toBeCloseTo(1 / 14, 12);
    expect([...layersOf(rows[0]!)]).toEqual(['a', 'head']);
  });

  it('keeps all where nothing is cut, and marks widths set by hand and layers left alone', () => {
    expect(groupRows(plan, step, null)[0]).toMatchObject({ kept: 3, lost: 0 });
    const set = channelStep({ ...ANY, widths: { a: 1 }, exclude: ['a'] });
    expect(groupRows(plan, set, null)[0]).toMatchObject({ own: true, excluded: true });
  });
});

describe('widths by hand', () => {
  it('are those that alignment and minimum allow, whatever was set before', () => {
    expect(handWidths(plan, step, 0)).toEqual([1, 2, 3]);
    expect(handWidths(plan, channelStep({ align: 2, minimum: 2, widths: { a: 1 } }), 0)).toEqual([2, 3]);
  });

  it('are reached by arrows one after the other, by Page keys in fours, by the ends', () => {
    const row = { atoms: 64, kept: 20 };
    const allowed = [8, 16, 24, 32, 40, 48, 56, 64];
    expect(widthByKey(row, allowed, 'ArrowRight', false)).toBe(24);
    expect(widthByKey(row, allowed, 'ArrowLeft', false)).toBe(16);
    expect(widthByKey(row, allowed, 'PageUp', false)).toBe(48);
    expect(widthByKey(row, allowed, 'PageDown', false)).toBe(8);
    expect(widthByKey(row, allowed, 'Home', false)).toBe(8);
    expect(widthByKey(row, allowed, 'End', false)).toBe(64);
    expect(widthByKey({ atoms: 64, kept: 64 }, allowed, 'ArrowUp', false)).toBe(64);
    expect(widthByKey(row, allowed, 'x', false)).toBeNull();
  });

  it('move by one with Shift, past what is allowed but not below one', () => {
    expect(widthByKey({ atoms: 64, kept: 20 }, [8, 64], 'ArrowLeft', true)).toBe(19);
    expect(widthByKey({ atoms: 64, kept: 1 }, [8, 64], 'ArrowLeft', true)).toBe(1);
  });

  it('snap to the nearest allowed one, of two to the larger', () => {
    expect(nearestWidth([8, 16, 20], 11)).toBe(8);
    expect(nearestWidth([8, 16, 20], 12)).toBe(16);
  });

  it('are put into the step and let go again', () => {
    const set = withWidth(step, 'a', 2);
    expect(set).toEqual({ a: 2 });
    expect(withWidth({ ...step, widths: { a: 2, b: 3 } }, 'a', null)).toEqual({ b: 3 });
  });
});

describe('cutNote', () => {
  it('says how far the narrowest widths get: one of three units is a third of all', () => {
    const low = channelStep({ ...ANY, target: { macs: 0.2 } });
    expect(narrowestShare(plan, low, 'macs')).toBeCloseTo(1 / 3, 12);
    expect(cutNote(plan, low, { off: false, cut: channelCut(plan, low) })).toMatch(
      /narrowest widths keep 33\.3 % of the MACs/u,
    );
  });

  it('says that all groups are left alone, or that a latency is found by timing', () => {
    const alone = channelStep({ ...ANY, exclude: ['a'] });
    expect(cutNote(plan, alone, { off: false, cut: channelCut(plan, alone) })).toMatch(/leaves all groups alone/u);
    const timed = channelStep({ target: { latency: 0.5 } });
    expect(cutNote(plan, timed, { off: false, cut: channelCut(plan, timed) })).toMatch(/timing/u);
  });

  it('says what is only a guess', () => {
    const obs = channelStep({ ...ANY, score: 'obs', target: { macs: 0.7 } });
    const cut = channelCut(plan, obs);
    expect(cutNote(plan, obs, { off: false, cut })).toMatch(/same share of each group; measuring the sensitivity/u);
    expect(cutNote(plan, obs, { off: false, cut: { ...cut!, guess: 'losses' } })).toMatch(/guess from the measured/u);
    const ranked = channelStep({ ...ANY, score: 'obs', lowRank: true, target: { macs: 0.7 } });
    expect(cutNote(plan, ranked, { off: false, cut })).toMatch(/^Which layers become two of low rank/u);
  });

  it('is silent where the target is met, and while the step is off', () => {
    expect(cutNote(plan, step, { off: false, cut: channelCut(plan, step) })).toBeNull();
    expect(cutNote(plan, step, { off: true, cut: null })).toBeNull();
  });
});

describe('errorWords', () => {
  it('tells how far predictions were off, as far as any was tested', () => {
    expect(errorWords({ goodness: null, latency: null })).toBeNull();
    expect(errorWords({ goodness: { trials: 1, mean: 0.013 }, latency: null })).toBe(
      'Predictions so far were off by 1.3 points of accuracy (1 trial) in the mean.',
    );
    expect(errorWords({ goodness: { trials: 2, mean: 0.02 }, latency: { trials: 3, mean: 0.05 } })).toMatch(
      /2 points of accuracy \(2 trials\) and 5 % of the latency \(3 trials\)/u,
    );
  });
});

describe('scoreCurve', () => {
  it('falls from 1 over the whole width', () => {
    expect(scoreCurve([4, 2, 1])).toEqual([
      [0, 1],
      [0.5, 0.5],
      [1, 0.25],
    ]);
  });

  it('holds both ends of many scores in few points', () => {
    const curve = scoreCurve(
      Array.from({ length: 1000 }, (_, at) => 1000 - at),
      10,
    );
    expect(curve).toHaveLength(10);
    expect(curve[0]).toEqual([0, 1]);
    expect(curve.at(-1)).toEqual([1, 0.001]);
  });

  it('is nothing without scores', () => {
    expect(scoreCurve([])).toEqual([]);
  });
});

it('words count in the group’s own kind', () => {
  expect(countWords(plan)).toBe('1 can be cut, 1 layer frozen');
  expect(widthWords(groupRows(plan, step, channelCut(plan, step))[0]!)).toBe('a: 2 of 3 units');
});

it('bars share the width beside the scale, and are found by the pointer', () => {
  const { left, each } = barsOf(248, 4);
  expect(each).toBe(50);
  expect(barAt(left + 3 * each + 1, 248, 4)).toBe(3);
  expect(barAt(left - 1, 248, 4)).toBe(-1);
  expect(barAt(left + 4 * each + 1, 248, 4)).toBe(-1);
});
