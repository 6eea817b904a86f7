import { describe, expect, it } from 'vitest';
import { groupTotals } from '../../../../../renderer/tasks/graph/group-totals.ts';
import { layerCase } from '../../state/layer-cases.ts';

describe('the totals of a group', () => {
  it('add up amounts, weigh sparsity by parameters and take the worst error', () => {
    const totals = groupTotals([
      layerCase({ name: 'a', parameters: 30, macs: 100, timeMs: 2, share: 0.5, sparsity: 0.5, sqnrDb: 40 }),
      layerCase({ name: 'b', parameters: 10, macs: 50, timeMs: 1, share: 0.25, sparsity: 0.1, sqnrDb: 12 }),
      layerCase({ name: 'c', op: 'Relu' }),
    ]);
    expect(totals).toMatchObject({ layers: 3, parameters: 40, macs: 150, timeMs: 3, share: 0.75, sqnrDb: 12 });
    // (30 × 0.5 + 10 × 0.1) / 40
    expect(totals.sparsity).toBeCloseTo(0.4);
    expect(totals.operators).toEqual([
      ['Conv', 2],
      ['Relu', 1],
    ]);
  });

  it('do not count what was not measured as zero', () => {
    expect(groupTotals([layerCase({ name: 'a' })])).toMatchObject({ timeMs: null, macs: null, sqnrDb: null });
  });
});
