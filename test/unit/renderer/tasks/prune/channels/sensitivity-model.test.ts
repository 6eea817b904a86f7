import { describe, expect, it } from 'vitest';
import type { Sensitivity } from '../../../../../../main/contract/sensitivity.ts';
import { groupRows } from '../../../../../../renderer/tasks/prune/channels/model.ts';
import {
  lossPlace,
  lossText,
  measureWords,
  sensitivityLines,
  sensitivityScore,
  worstLoss,
} from '../../../../../../renderer/tasks/prune/channels/sensitivity-model.ts';
import { channelStep } from '../../../../../support/recipes.ts';
import { threeUnitPlan } from '../../../../judge/predict/cases.ts';

const plan = threeUnitPlan();
const rows = groupRows(plan, channelStep(), null);

function table(losses: readonly (number | null)[]): Sensitivity {
  return {
    score: 'l2',
    seed: 0,
    data: { datasetId: 'd', name: 'digits', key: '' },
    samples: 64,
    measure: 'divergence',
    rows: [{ group: 'a', cells: losses.map((loss) => ({ kept: 2, loss })) }],
    groups: 1,
  };
}

describe('sensitivityLines', () => {
  it('has a line for every group, measured or not, and none for frozen layers', () => {
    expect(sensitivityLines(rows, null).map(({ group, cells }) => [group.name, cells])).toEqual([['a', null]]);
    expect(sensitivityLines(rows, table([0.1, null, 0.4]))[0]!.worst).toBe(0.4);
  });
});

it('a quarter of the worst loss stands in the middle of the scale, NaN at its end', () => {
  const worst = worstLoss(table([0.1, 0.4]));
  expect(lossPlace(0.1, worst)).toBeCloseTo(0.5, 12);
  expect(lossPlace(0.4, worst)).toBe(1);
  expect(lossPlace(0, worst)).toBe(0);
  expect(lossPlace(-1e-9, worst)).toBe(0);
  expect(lossPlace(null, worst)).toBe(1);
  expect(lossPlace(0.1, worstLoss(null))).toBe(0);
});

it('losses are written in two digits', () => {
  expect([lossText(0.0421), lossText(1e-6), lossText(null)]).toEqual(['0.042', '0', 'NaN']);
});

it('says what the numbers are and on what they were measured', () => {
  expect(measureWords(table([0]))).toBe('KL divergence from the whole model, nats; 64 samples of digits');
});

it('groups are cut alone by the step’s score where the weights alone tell it', () => {
  expect(sensitivityScore(channelStep({ score: 'l1' }))).toBe('l1');
  expect(sensitivityScore(channelStep({ score: 'obs' }))).toBe('l2');
});
