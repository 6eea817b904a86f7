import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { recipeSchema } from '../../../../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { ranksOf } from '../../../../../main/engine/prune/rank/time-ranks.ts';
import { weigh } from '../../../../../main/engine/prune/structure/ranked-cut.ts';
import { applyRecipe, type AppliedRecipe } from '../../../../../main/engine/recipe/apply-recipe.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf, randomBatches, randomFeed } from '../../quantize/oracle.ts';
import { threeUnitPlan } from '../../../judge/predict/cases.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function apply(model: Model, settings: object, steps: readonly object[] = []): Promise<AppliedRecipe> {
  const calibration = (): FeedBatches => randomBatches([10, 16], 8);
  const surroundings = { calibration, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: null };
  const prune = { structure: 'channel', score: 'obs', align: 1, minimum: 1, samples: 80, lowRank: true, ...settings };
  const recipe = recipeSchema.parse({ version: 2, steps: [{ prune }, ...steps] });
  return applyRecipe(model, recipe, surroundings, quietContext());
}

const nodesOf = ({ model }: AppliedRecipe): string[] => model.graph.nodes.map(({ name }) => name);
const notesOf = ({ outcomes }: AppliedRecipe): string => outcomes[0]!.notes.join('\n');

/** 16 → 16 units of rank 2 that a ReLU makes all different → 4: 256 + 64 multiply–accumulates. */
function lowRank(): Model {
  const random = seededRandom(3);
  const numbers = (count: number): number[] => Array.from({ length: count }, () => random() - 0.5);
  const [u, v] = [numbers(32), numbers(32)];
  const weight = Array.from({ length: 256 }, (_, at) => {
    const [row, column] = [Math.floor(at / 16), at % 16];
    return u[row * 2]! * v[column * 2]! + u[row * 2 + 1]! * v[column * 2 + 1]!;
  });
  return graph('rank two', 3)
    .input('x', 'float32', ['N', 16])
    .gemm({ inputs: 16, outputs: 16, name: 'a', bias: false, weight, to: 'h' })
    .relu({ to: 'r' })
    .gemm({ inputs: 16, outputs: 4, name: 'b', to: 'y' })
    .output('y')
    .build();
}

/** 16 → 16 units, each of them twice, → 4. */
function copies(): Model {
  const random = seededRandom(5);
  const rows = Array.from({ length: 8 }, () => Array.from({ length: 16 }, () => random() - 0.5));
  return graph('copies', 3)
    .input('x', 'float32', ['N', 16])
    .gemm({ inputs: 16, outputs: 16, name: 'a', bias: false, weight: [...rows, ...rows].flat(), to: 'h' })
    .relu({ to: 'r' })
    .gemm({ inputs: 16, outputs: 4, name: 'b', to: 'y' })
    .output('y')
    .build();
}

async function expectNear(model: Model, other: Model, digits: number): Promise<void> {
  const feed = randomFeed([5, 16], 77);
  const [wanted, got] = [await outputsOf(runner, model, feed), await outputsOf(runner, other, feed)];
  wanted['y']!.forEach((value, at) => expect(got['y']![at]).toBeCloseTo(value, digits));
}

describe('low rank beside channels', () => {
  it('is taken where a layer has few directions and its channels are all different', async () => {
    const applied = await apply(lowRank(), { target: { macs: 0.4 } });
    expect(nodesOf(applied)).toContain('a_rank');
    const { details } = applied.outcomes[0]!;
    // Rank 3 is tried, and of its three channels one is not needed: 2 · (16 + 16) + 64 of 320.
    expect('macs' in details && details.macs).toEqual({ before: 320, after: 128 });
    expect('layers' in details && details.layers.map(({ name }) => name)).toEqual(['a']);
    expect(notesOf(applied)).toMatch(/Low rank for 'a' \(3 of 16\) loses \S+, channels alone [\d.]+\./u);
    expect([...applied.sources]).toEqual([['a_rank', ['a']]]);
    await expectNear(lowRank(), applied.model, 4);
  });

  it('is left where channels can be made up for', async () => {
    const applied = await apply(copies(), { target: { macs: 0.57 } }, [{ repair: { ridge: 0 } }]);
    expect(nodesOf(applied)).not.toContain('a_rank');
    expect(notesOf(applied)).toMatch(/channels alone were cut|No layer is better off at low rank/u);
    await expectNear(copies(), applied.model, 3);
  });

  it('takes ranks that a recipe gives, and cuts channels for the rest', async () => {
    const applied = await apply(copies(), { target: { macs: 0.4 }, ranks: { a: 6 } });
    const { details } = applied.outcomes[0]!;
    expect(nodesOf(applied)).toContain('a_rank');
    expect('macs' in details && details.macs.after).toBeLessThanOrEqual(0.4 * 320);
  });

  it('refuses ranks of layers that cannot have them', async () => {
    await expect(apply(copies(), { target: { macs: 0.5 }, ranks: { nothing: 2 } })).rejects.toThrow(/'nothing' cannot/);
    await expect(apply(copies(), { target: { macs: 0.5 }, ranks: { a: 17 } })).rejects.toThrow(/expected at most 16/);
  });

  it('is the same again where a recipe holds the widths that were chosen for a latency', async () => {
    const kept = { target: { latency: 0.9 }, widths: { a: 9, a_rank: 4 }, ranks: { a: 4 } };
    const { model, recipe } = await apply(lowRank(), kept);
    expect(recipe.steps).toMatchObject([{ prune: { widths: kept.widths, ranks: kept.ranks } }]);
    const dimsOf = (name: string) => model.graph.initializers.find((tensor) => tensor.name === name)!.dims;
    expect([dimsOf('a.weight_rank'), dimsOf('a.weight_back'), dimsOf('b.weight')]).toEqual([
      [4, 16],
      [9, 4],
      [4, 9],
    ]);
  });
});

it('ranks are tried where two layers are smaller than one, in multiples, a few of them', () => {
  const layer = (outputs: number, columns: number) => ({ outputs, columns }) as Parameters<typeof ranksOf>[0];
  // 16·16 / 32 = 8 is no smaller.
  expect(ranksOf(layer(16, 16), 1)).toEqual([1, 3, 5, 7]);
  expect(ranksOf(layer(16, 16), 2)).toEqual([2, 4, 6]);
  expect(ranksOf(layer(16, 16), 8)).toEqual([]);
  expect(ranksOf(layer(64, 576), 8)).toEqual([8, 24, 40, 56]);
});

it('one knapsack weighs ranks against widths, by what each loses for what it saves', () => {
  // Nine multiply–accumulates: three for each of three units.
  const { widths } = threeUnitPlan();
  const options = [[1, 2, 3].map((width) => ({ width, loss: [0.5, 0.2, 0][width - 1]! }))];
  const rank = (loss: number) => {
    const factors = { layer: { node: { name: 'a' } }, rank: 1 } as unknown as Parameters<typeof factorsOf>[0];
    return [[{ factors, loss, saved: 1 / 3 }]];
  };
  const factorsOf = (one: ReturnType<typeof weigh>[number]): number => one.rank;
  const target = { measure: 'macs', keep: 2 / 3 } as const;
  expect(weigh(widths, { options, ranks: rank(0.1) }, target).map(factorsOf)).toEqual([1]);
  expect(weigh(widths, { options, ranks: rank(0.3) }, target).map(factorsOf)).toEqual([]);
  // Both are needed: the rank saves two thirds as much once a third of the units is gone.
  const both = { measure: 'macs', keep: 1 - 1 / 3 - 2 / 9 } as const;
  expect(weigh(widths, { options, ranks: rank(0.25) }, both).map(factorsOf)).toEqual([1]);
});
