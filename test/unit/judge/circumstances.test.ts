import { describe, expect, it } from 'vitest';
import {
  circumstancesKey,
  circumstancesOf,
  describeCircumstances,
  measurementUnder,
  sameCircumstances,
} from '../../../main/judge/circumstances.ts';
import { someCircumstances, someData, someMeasurement } from '../../support/measured.ts';

describe('the key of a measurement', () => {
  it('tells apart threads, batch, dimensions and data', () => {
    const base = someCircumstances();
    const keys = [
      base,
      someCircumstances({ threads: 1 }),
      someCircumstances({ batch: 16 }),
      { ...base, settings: { ...base.settings, dims: { sequence: 16 } } },
      { ...base, target: { ...base.target, provider: 'webgpu' } },
      { ...base, target: { ...base.target, onnxruntime: '1.31.0' } },
      someCircumstances({ data: someData() }),
      someCircumstances({ data: someData({ samples: 800 }) }),
      someCircumstances({ data: someData({ split: { part: 'evaluation', seed: 0, share: 0.2 } }) }),
      someCircumstances({ data: someData({ split: { part: 'evaluation', seed: 1, share: 0.2 } }) }),
      someCircumstances({ data: someData({ fingerprint: 'beef' }) }),
    ].map(circumstancesKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not depend on the order of dimensions, nor on what a data set is called', () => {
    const base = someCircumstances({ data: someData() });
    const turned = (dims: Record<string, number>) =>
      circumstancesKey({ ...base, settings: { ...base.settings, dims } });
    expect(turned({ a: 1, b: 2 })).toBe(turned({ b: 2, a: 1 }));
    expect(circumstancesKey(someCircumstances({ data: someData({ name: 'other', datasetId: '2' }) }))).toBe(
      circumstancesKey(base),
    );
    // A dimension that only repeats the batch says nothing more.
    const { batch } = base.settings;
    expect(turned({ N: batch })).toBe(turned({}));
    expect(turned({ N: batch + 1 })).not.toBe(turned({}));
  });
});

it('compares nothing with a measurement whose circumstances were not recorded', () => {
  const old = someMeasurement({ recorded: false });
  expect(sameCircumstances(old, someMeasurement())).toBe(false);
  expect(measurementUnder([old], 'latency', circumstancesKey(old))).toBeUndefined();
  expect(circumstancesOf([old], 'latency')).toEqual([]);
});

it('does not take the latency of a profile at batch 16 with one thread for the latency', () => {
  const plain = someMeasurement({ trialId: 'baseline', value: 0.511, at: 1 });
  const profiled = someMeasurement({
    trialId: 'baseline',
    value: 13.7,
    at: 2,
    ...someCircumstances({ threads: 1, batch: 16 }),
  });
  const trial = someMeasurement({ trialId: 'int8', value: 0.515, at: 1 });
  expect(measurementUnder([plain, profiled], 'latency', circumstancesKey(trial))?.value).toBe(0.511);
});

it('offers the circumstances that were measured, the newest first, with the trials that have them', () => {
  const choices = circumstancesOf(
    [
      someMeasurement({ trialId: 'a', at: 1 }),
      someMeasurement({ trialId: 'b', at: 3 }),
      someMeasurement({ trialId: 'a', at: 5, ...someCircumstances({ threads: 1 }) }),
      someMeasurement({ trialId: 'a', at: 9, metric: 'top1' }),
    ],
    'latency',
  );
  expect(choices.map(({ circumstances, trialIds, at }) => [circumstances.settings.threads, trialIds, at])).toEqual([
    [1, ['a'], 5],
    [2, ['a', 'b'], 3],
  ]);
});

it('says in words which part of which data, and how it ran', () => {
  const split = { part: 'evaluation', seed: 0, share: 0.2 } as const;
  expect(describeCircumstances(someCircumstances({ threads: 1, data: someData({ split, samples: 800 }) }))).toBe(
    'digits, evaluation split (80 %, seed 0), 800 samples; 1 thread, batch 1, cpu',
  );
});
