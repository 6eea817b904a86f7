import { describe, expect, it } from 'vitest';
import { pastErrors } from '../../../../main/judge/predict/past-errors.ts';
import { predictTrial, type PredictionInputs } from '../../../../main/judge/predict/trial.ts';
import { BASELINE, evaluation, narrowed, pruned, threeUnitPlan, trial } from './cases.ts';

const base = trial('base', BASELINE, { evaluation: evaluation(0.9), createdAt: 0 });
const strong = trial('strong', narrowed(0.4), { evaluation: evaluation(0.5), createdAt: 1 });
const weak = trial('weak', narrowed(0.7), { evaluation: evaluation(0.6), createdAt: 2 });

function inputs(trials: PredictionInputs['trials']): PredictionInputs {
  return {
    inspect: { parameters: 9, macs: { total: 9, layersWithoutMacs: 0 } as never },
    layers: null,
    modelBytes: 100,
    trials,
    prunePlan: null,
    channelPlan: threeUnitPlan(),
    quantizePlan: null,
    baselineProfile: null,
    unlabelled: false,
  };
}

describe('pastErrors', () => {
  it('compares each cut with what was said before it was measured', () => {
    // Of the strong cut nothing could be said: it was the first. Of the weak one something between.
    const told = predictTrial(narrowed(0.7), inputs([base, strong])).goodness!.value;
    const { goodness, latency } = pastErrors(inputs([base, strong, weak]));
    expect(goodness!.trials).toBe(1);
    expect(goodness!.mean).toBeCloseTo(Math.abs(told - 0.6), 12);
    expect(latency).toBeNull();
  });

  it('has nothing to tell before anything was predicted, nor of single weights', () => {
    expect(pastErrors(inputs([base]))).toEqual({ goodness: null, latency: null });
    const zeros = trial('zeros', pruned(0.5), { evaluation: evaluation(0.8), createdAt: 3 });
    expect(pastErrors(inputs([base, zeros])).goodness).toBeNull();
  });
});
