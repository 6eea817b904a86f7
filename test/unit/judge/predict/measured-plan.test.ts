import { describe, expect, it } from 'vitest';
import type { Sensitivity } from '../../../../main/contract/sensitivity.ts';
import type { WidthTimes } from '../../../../main/contract/width-times.ts';
import { atomsKept, channelCut } from '../../../../main/judge/predict/channel-cut.ts';
import { lossAt, withMeasured } from '../../../../main/judge/predict/measured-plan.ts';
import { channelStep } from '../../../support/recipes.ts';
import { threeUnitPlan } from './cases.ts';

const plan = threeUnitPlan();
const OBS = channelStep({ align: 1, minimum: 1, score: 'obs', target: { macs: 0.7 } });

/** Units 0 and 1 are what matters by obs, though 0 has the smallest norm. */
function table(given: Partial<Sensitivity> = {}): Sensitivity {
  const cells = [
    { kept: 2, loss: 0.1 },
    { kept: 1, loss: 0.5 },
  ];
  const data = { datasetId: 'd', name: 'd', key: '' };
  const rows = [{ group: 'a', cells, scores: [3, 2, 1] }];
  return { score: 'obs', seed: 0, data, samples: 8, measure: 'divergence', rows, groups: 1, ...given };
}

/** 2 ms whole, of which the first layer takes 1 ms for its work. */
const times: WidthTimes = {
  shapes: plan.shapes,
  target: { cpu: 'Test CPU', cores: 2, os: 'Linux', provider: 'cpu', onnxruntime: '1.30.0', vnni: false },
  threads: 2,
  align: 1,
  cuts: 17,
  fullMs: 2,
  block: 1,
  coefficients: plan.widths.layers.flatMap((_, at) => (at === 0 ? [0, 1, 0, 0] : [0, 0, 0, 0])),
  slope: 1,
  spread: 0.05,
  at: 1,
};

describe('lossAt', () => {
  const measured = [
    { width: 2, loss: 0.6 },
    { width: 4, loss: 0.2 },
    { width: 8, loss: 0 },
  ];

  it('is what was measured, on lines between, and on the line through the narrowest two below', () => {
    expect([2, 4, 8].map((width) => lossAt(measured, width))).toEqual([0.6, 0.2, 0]);
    expect(lossAt(measured, 3)).toBeCloseTo(0.4, 12);
    expect(lossAt(measured, 6)).toBeCloseTo(0.1, 12);
    expect(lossAt(measured, 1)).toBeCloseTo(0.8, 12);
  });

  it('is infinite where the outputs held NaN', () => {
    const broken = [
      { width: 2, loss: Infinity },
      { width: 4, loss: 0.2 },
    ];
    expect(lossAt(broken, 3)).toBe(Infinity);
    expect(lossAt(broken, 2)).toBe(Infinity);
    expect(lossAt(broken, 4)).toBe(0.2);
  });
});

describe('withMeasured', () => {
  it('knows from sensitivity by obs which atoms go, and guesses how much goes where', () => {
    const known = withMeasured(plan, { sensitivity: table(), times: null });
    expect(channelCut(known, OBS)).toMatchObject({ guess: 'losses', kept: Int32Array.of(2) });
    expect([...atomsKept(known, 'obs', 0, 2)!]).toEqual([1, 1, 0]);
  });

  it.each([
    ['that is not whole yet', table({ rows: [] })],
    ['of other groups', table({ rows: [{ group: 'b', cells: [], scores: [1, 2, 3] }] })],
  ])('takes nothing from a table %s', (_, other) => {
    expect(withMeasured(plan, { sensitivity: other, times: null })).toEqual(plan);
  });

  it('adds up what the groups diverge alone, by the score that they were cut by', () => {
    const known = withMeasured(plan, { sensitivity: table(), times: null });
    expect(channelCut(known, OBS)!.divergence).toBeCloseTo(0.1, 12);
    expect(channelCut(known, channelStep({ align: 1, minimum: 1, target: { macs: 0.7 } }))!.divergence).toBeNull();
    const errors = withMeasured(plan, { sensitivity: table({ measure: 'error' }), times: null });
    expect(channelCut(errors, OBS)!.divergence).toBeNull();
  });

  it('guesses nothing for obs from a table by another score', () => {
    const known = withMeasured(plan, { sensitivity: table({ score: 'l2', rows: [{ group: 'a', cells: [] }] }), times: null }); // prettier-ignore
    expect(channelCut(known, OBS)).toMatchObject({ guess: 'even', divergence: null });
  });

  it('aims at a latency once widths were timed: two of three units take 2 − 1/3 ms, one 2 − 2/3', () => {
    const known = withMeasured(plan, { sensitivity: null, times });
    const step = channelStep({ align: 1, minimum: 1, target: { latency: 0.85 } });
    expect(channelCut(plan, step)).toBeNull();
    const cut = channelCut(known, step)!;
    expect([...cut.kept]).toEqual([2]);
    expect(cut.share).toBeCloseTo((2 - 1 / 3) / 2, 12);
    expect(channelCut(known, { ...step, target: { latency: 0.5 } })).toMatchObject({ met: false });
  });

  it('takes no times of other shapes', () => {
    expect(withMeasured(plan, { sensitivity: null, times: { ...times, shapes: 'others' } }).latency).toBeUndefined();
  });
});
