import { describe, expect, it } from 'vitest';
import type { Sensitivity } from '../../../../../../main/contract/sensitivity.ts';
import { groupRows } from '../../../../../../renderer/tasks/prune/channels/model.ts';
import {
  cutsOtherwise,
  keptAt,
  lossText,
  measureWords,
  sensitivityHeat,
  sensitivityLines,
  sensitivityScore,
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
    expect(sensitivityLines(rows, table([0.1]))[0]!.cells).toEqual([{ kept: 2, loss: 0.1 }]);
  });
});

it('is a heat map: what is kept now, then the measured shares; NaN is worse than any', () => {
  const lines = sensitivityLines(rows, table([0.1, null]));
  const heat = sensitivityHeat(lines);
  expect(heat.columns.map(({ short }) => short).slice(0, 3)).toEqual(['Now', '87.5 %', '75 %']);
  expect(Array.from(heat.values.slice(0, 4))).toEqual([Number.NaN, 0.1, Infinity, Number.NaN]);
  expect(heat.columns[0]!.plain!(0)).toBe(`${lines[0]!.group.kept} / ${lines[0]!.group.atoms}`);
  expect([keptAt(lines[0]!, 0), keptAt(lines[0]!, 1), keptAt(lines[0]!, 5)]).toEqual([null, 2, null]);
});

it('losses are written in two digits', () => {
  expect([lossText(0.0421), lossText(1e-6), lossText(Infinity)]).toEqual(['0.042', '0', 'NaN']);
});

it('says what the numbers are and on what they were measured', () => {
  expect(measureWords(table([0]))).toBe('KL divergence from the whole model, nats; 64 samples of digits');
});

it('groups are cut alone by the step’s score where one group can tell it, and it is said where not', () => {
  expect(sensitivityScore(channelStep({ score: 'l1' }))).toBe('l1');
  expect(sensitivityScore(channelStep({ score: 'obs' }))).toBe('obs');
  expect(cutsOtherwise(channelStep({ score: 'obs' }))).toBeNull();
  expect(sensitivityScore(channelStep({ score: 'taylor' }))).toBe('l2');
  expect(cutsOtherwise(channelStep({ score: 'taylor' }))).toMatch(/cut by l2, not by taylor/u);
});
