import { describe, expect, it } from 'vitest';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import { KEPT_SHARES, type Sensitivity } from '../../../../main/contract/sensitivity.ts';
import { sensitivityOverlay } from '../../../../renderer/state/sensitivity-overlay.ts';

const widthsOf = (name: string, layers: readonly string[]): ChannelPlan['widths']['groups'][number] => ({
  name,
  kind: 'channel',
  atoms: 8,
  each: 1,
  layers: [...layers],
});

/** Two groups, both of which `sum` gives, and a layer that stays. */
const plan: ChannelPlan = {
  shapes: '',
  widths: { groups: [widthsOf('a', ['a', 'sum']), widthsOf('b', ['b', 'sum'])], axes: [], tensors: [], layers: [] },
  groups: [{ consumers: ['next'] }, { consumers: [] }] as unknown as ChannelPlan['groups'],
  layers: [],
  frozen: [{ name: 'last', reason: 'its channels are the output' }],
};

const row = (group: string, atHalf: number | null): Sensitivity['rows'][number] => ({
  group,
  cells: KEPT_SHARES.map((share) => ({ kept: share * 8, loss: share === 0.5 ? atHalf : 0.01 })),
});

const table = (rows: Sensitivity['rows']): Sensitivity => ({
  score: 'obs',
  seed: 0,
  data: { datasetId: '', name: 'digits', key: '' },
  samples: 64,
  measure: 'divergence',
  rows,
  groups: 2,
});

describe('sensitivityOverlay', () => {
  it('tells of each layer what its group costs at half, the most sensitive one where there are several', () => {
    const overlay = sensitivityOverlay(plan, table([row('a', 0.5), row('b', 0.25)]));
    expect([...overlay.values]).toEqual([
      ['a', 0.5],
      ['sum', 0.5],
      ['b', 0.25],
      ['last', 'frozen'],
    ]);
    expect(overlay.notes!.get('sum')).toMatch(/^4 of 8 channels of 'a'; .*0\.5 at 50 %, 0\.01 at 37\.5 %/u);
    expect(overlay.notes!.get('last')).toBe('its channels are the output');
    expect(overlay.source).toBe('KL divergence, nats; each group cut alone by obs, 64 samples of digits');
    expect([...overlay.together!.get('a')!]).toEqual(['a', 'sum', 'next']);
  });

  it('says NaN where outputs held it, and how far a measurement came', () => {
    const overlay = sensitivityOverlay(plan, table([row('b', null)]));
    expect(overlay.values.get('sum')).toBe('NaN');
    expect(overlay.values.has('a')).toBe(false);
    expect(overlay.source).toMatch(/, 1 of 2 groups$/u);
  });

  it('says how to get values where nothing is measured', () => {
    const overlay = sensitivityOverlay(plan, null);
    expect([overlay.values.size, overlay.source]).toEqual([0, 'measure the sensitivity of channels in Prune']);
  });
});
