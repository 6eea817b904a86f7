import { expect, it } from 'vitest';
import { LAYER_WAYS, type LayerTrials } from '../../../../../../main/contract/layer-trials.ts';
import { byWay, trialWords, wayAt } from '../../../../../../renderer/tasks/quantize/errors/trial-tables.ts';

const trials: LayerTrials = {
  tried: 'schemes',
  ways: LAYER_WAYS.schemes.map(({ key }) => key),
  data: { datasetId: 'd', name: 'digits', key: '' },
  samples: 16,
  measure: 'divergence',
  rows: [{ layer: 'conv', op: 'Conv', cells: [{ loss: 0.5, sqnrDb: 20 }, { loss: null, sqnrDb: null }, null] }],
  layers: 4,
};

it('is layers × ways; what gave NaN is worse than any number, what was not tried has none', () => {
  expect(Array.from(byWay(trials, 'loss').values.slice(0, 4))).toEqual([0.5, Infinity, Number.NaN, Number.NaN]);
  const decibels = byWay(trials, 'sqnrDb');
  expect(Array.from(decibels.values.slice(0, 3))).toEqual([20, -Infinity, Number.NaN]);
  expect([decibels.columns[0]!.scale.worst, byWay(trials, 'loss').columns[0]!.scale.worst]).toEqual(['low', 'high']);
});

it('each column is a way that a recipe may say of a layer, or none', () => {
  expect(wayAt('schemes', 0)).toMatchObject({ precision: 'int8', calibrator: 'minmax' });
  expect(wayAt('bits', 0)!.precision).toBeNull();
  expect(new Set(LAYER_WAYS.bits.map(({ key }) => key)).size).toBe(14);
});

it('says what the numbers are', () => {
  expect(trialWords(trials)).toBe('Each layer alone: KL divergence of the outputs; 16 samples of digits');
});
