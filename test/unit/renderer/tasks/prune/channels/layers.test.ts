import { describe, expect, it } from 'vitest';
import { channelCut } from '../../../../../../main/judge/predict/channel-cut.ts';
import { keptOverlay } from '../../../../../../renderer/tasks/prune/channels/kept-overlay.ts';
import { channelLayers } from '../../../../../../renderer/tasks/prune/channels/layer-rows.ts';
import { channelStep } from '../../../../../support/recipes.ts';
import { threeUnitPlan } from '../../../../judge/predict/cases.ts';

const plan = threeUnitPlan();
const step = channelStep({ align: 1, minimum: 1, target: { macs: 0.7 } });
const cut = channelCut(plan, step)!;

describe('channelLayers', () => {
  it('counts channels before and after, and the work that is left', () => {
    const layers = channelLayers(plan, new Set(['a']), cut);
    expect(layers.get('a')).toEqual({
      name: 'a',
      before: 3,
      after: 2,
      share: 2 / 3,
      wholeMacs: 6,
      macs: 4,
      excluded: true,
      frozen: null,
    });
    // The head gives no channel that could go, and takes one less.
    expect(layers.get('head')).toMatchObject({ before: null, macs: 2, frozen: "'y' is an output of the model" });
  });

  it('is the whole model where nothing is cut', () => {
    expect(channelLayers(plan, new Set(), null).get('a')).toMatchObject({ after: 3, share: 1, macs: 6 });
  });
});

describe('keptOverlay', () => {
  it('shows shares and which channels stay, and writes the reason on what is frozen', () => {
    const overlay = keptOverlay(plan, step, cut, null);
    expect([...overlay.values]).toEqual([
      ['a', 2 / 3],
      ['head', 'frozen'],
    ]);
    expect([...overlay.strips!.get('a')!]).toEqual([0, 1, 1]);
    expect(overlay.notes!.get('head')).toBe("'y' is an output of the model");
    expect(overlay.predicted).toBe(true);
    expect(keptOverlay(plan, step, cut, 'Trial').predicted).toBe(false);
  });

  it('lights up who gives and takes the channels', () => {
    expect([...keptOverlay(plan, step, cut, null).together!.get('a')!]).toEqual(['a', 'head']);
  });

  it('draws no strip where it is not known which channels go', () => {
    const random = channelStep({ align: 1, minimum: 1, score: 'random' });
    expect(keptOverlay(plan, random, channelCut(plan, random)!, null).strips!.size).toBe(0);
  });
});
