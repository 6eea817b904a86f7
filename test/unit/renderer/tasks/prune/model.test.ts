import { describe, expect, it } from 'vitest';
import {
  accuracyCurve,
  measuredPoints,
  pruneRows,
  sparsityByKey,
  sparsityOf,
} from '../../../../../renderer/tasks/prune/model.ts';
import { cutModel } from '../../../../../main/judge/predict/cut.ts';
import type { PredictionInputs } from '../../../../../main/judge/predict/trial.ts';
import { pruneStep } from '../../../../support/recipes.ts';
import { BASELINE, evaluation, int8, pruned, trial, twoLayerPlan } from '../../../judge/predict/cases.ts';

const INPUTS: PredictionInputs = {
  inspect: { parameters: 8, macs: 200 },
  layers: null,
  modelBytes: 100,
  trials: [
    trial('base', BASELINE, { evaluation: evaluation(0.9) }),
    trial('half', pruned(0.5), { evaluation: evaluation(0.6) }),
    trial('int8', int8(true), { evaluation: evaluation(0.8) }),
    trial('unmeasured', pruned(0.7)),
  ],
  prunePlan: twoLayerPlan(),
  channelPlan: null,
  quantizePlan: null,
  baselineProfile: null,
  unlabelled: false,
};

describe('pruneRows', () => {
  const cut = cutModel(twoLayerPlan(), pruneStep(), { parameters: 8, macs: 200 });

  it('shows the prediction, and frozen layers with their reason', () => {
    const rows = pruneRows(twoLayerPlan(), cut, null, new Set(['large']));
    expect(rows.map((row) => [row.name, row.sparsity, row.predicted, row.excluded])).toEqual([
      ['small', 1, true, false],
      ['large', 0, true, true],
      ['shared', null, false, false],
    ]);
    expect(rows[2]?.frozen).toBe('two layers use its weights');
  });

  it('puts the measured sparsity in its place', () => {
    const measured = {
      output: { path: '', bytes: 0 },
      sparsity: { requested: 0.5, achieved: 0.5 },
      parameters: { before: 8, after: 4 },
      macs: { before: 200, after: 100 },
      layers: [{ name: 'small', op: 'Conv', sparsity: 0.75, channels: null }],
      frozen: [],
      notes: [],
    };
    const rows = pruneRows(twoLayerPlan(), cut, measured, new Set());
    expect(rows.map((row) => [row.sparsity, row.predicted])).toEqual([
      [0.75, false],
      [0, true],
      [null, false],
    ]);
  });
});

describe('accuracyCurve', () => {
  it('starts at the baseline, never rises, and passes through the measured trial', () => {
    const curve = accuracyCurve(pruneStep({ sparsity: 0.3 }), pruned(0.3), INPUTS);
    expect(curve[0]).toMatchObject({ sparsity: 0, value: 0.9 });
    expect(curve.at(-1)!.sparsity).toBeCloseTo(0.95);
    expect(curve.find((point) => Math.abs(point.sparsity - 0.5) < 1e-9)?.value).toBeCloseTo(0.6);
    for (let i = 1; i < curve.length; i += 1) expect(curve[i]!.value).toBeLessThanOrEqual(curve[i - 1]!.value + 1e-9);
  });

  it('is empty while the baseline is unmeasured', () => {
    expect(accuracyCurve(pruneStep({ sparsity: 0.3 }), pruned(0.3), { ...INPUTS, trials: [] })).toEqual([]);
  });
});

describe('measuredPoints', () => {
  it('takes the trials that differ in their pruning only', () => {
    expect(measuredPoints(pruned(0.3), INPUTS).map((point) => [point.trial.id, point.sparsity])).toEqual([
      ['base', 0],
      ['half', 0.5],
    ]);
    expect(measuredPoints(int8(true), INPUTS).map((point) => point.trial.id)).toEqual(['int8']);
    expect(sparsityOf(int8(true))).toBe(0);
  });
});

describe('the keys of the sparsity slider', () => {
  it('move by 1, with Shift by 0.1, by pages of 5, and to the ends', () => {
    expect(sparsityByKey(50, 'ArrowRight', false)).toBe(51);
    expect(sparsityByKey(50, 'ArrowLeft', true)).toBe(49.9);
    expect(sparsityByKey(50.1, 'PageUp', false)).toBe(55.1);
    expect(sparsityByKey(93, 'PageUp', false)).toBe(95);
    expect(sparsityByKey(3, 'PageDown', false)).toBe(0);
    expect(sparsityByKey(50, 'End', false)).toBe(95);
    expect(sparsityByKey(50, 'Enter', false)).toBeNull();
  });
});
