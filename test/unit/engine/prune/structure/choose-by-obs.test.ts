import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { recipeSchema } from '../../../../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { applyRecipe, type AppliedRecipe } from '../../../../../main/engine/recipe/apply-recipe.ts';
import type { LinearForm } from '../../../../../main/engine/operators/linear-form.ts';
import { withinMemory } from '../../../../../main/engine/prune/structure/group-consumers.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf, randomBatches, randomFeed } from '../../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function apply(model: Model, dims: readonly number[], steps: readonly object[]): Promise<AppliedRecipe> {
  const calibration = (): FeedBatches => randomBatches(dims, 6);
  const surroundings = { calibration, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: null };
  return applyRecipe(model, recipeSchema.parse({ version: 2, steps }), surroundings, quietContext());
}

const prune = (settings: object): object => ({
  prune: { structure: 'channel', score: 'obs', align: 1, minimum: 1, samples: 60, ...settings },
});
const layersOf = ({ outcomes }: AppliedRecipe): (number | undefined)[] =>
  outcomes[0]!.kind === 'prune' ? outcomes[0]!.details.layers.map(({ channels }) => channels?.after) : [];

/** Units x, y/2 and 2x behind two inputs; all are added up. */
const withTwin = (): Model =>
  graph()
    .input('x', 'float32', ['N', 2])
    .gemm({ inputs: 2, outputs: 3, name: 'a', bias: false, weight: [1, 0, 0, 0.5, 2, 0], to: 'h' })
    .gemm({ inputs: 3, outputs: 1, name: 'b', bias: false, weight: [1, 1, 1], to: 'y' })
    .output('y')
    .build();

/** 9,000 units, more than can be solved for, beside a narrow layer. */
const withWideLayer = (): Model =>
  graph()
    .input('x', 'float32', ['N', 4])
    .gemm({ inputs: 4, outputs: 9000, name: 'wide' })
    .relu()
    .gemm({ inputs: 9000, outputs: 4, name: 'back' })
    .output()
    .build();

describe('pruning by optimal brain surgery', () => {
  it('leaves layers alone that are too wide to be solved, and says so', async () => {
    const wide = withWideLayer();
    await expect(apply(wide, [10, 4], [prune({ target: { macs: 0.5 } })])).rejects.toThrow(
      /No layer behind 'wide' can be solved, so what widths cost cannot be told/u,
    );
    const uniform = prune({ target: { macs: 0.5 }, scope: 'uniform' });
    const { outcomes } = await apply(wide, [10, 4], [uniform, { repair: { samples: 60 } }]);
    expect(outcomes[0]!.notes.join()).toContain(
      "No layer behind 'wide' can be solved: which of its channels go is told by their norm",
    );
    expect(outcomes[1]).toMatchObject({ kind: 'repair', details: { layers: [{ name: 'wide' }, { name: 'back' }] } });
  });

  it('keeps what it solves within memory, the first layers of the model before others', () => {
    const layer = (groups: number, columns: number): { form: LinearForm } => ({
      form: { groups, columns } as LinearForm,
    });
    const [a, b, c] = [layer(1, 100), layer(4, 100), layer(1, 50)];
    // 16 bytes for each of 10,000, 40,000 and 2,500 squares.
    expect(withinMemory([a!, b!, c!], 200_000)).toEqual([a, c]);
    expect(withinMemory([a!, b!, c!])).toEqual([a, b, c]);
  });

  it('refuses data that never vary, and takes those of which a part does', async () => {
    const on = (calibration: () => FeedBatches): Promise<AppliedRecipe> =>
      applyRecipe(
        twoBlocks(),
        recipeSchema.parse({ version: 2, steps: [prune({ target: { macs: 0.7 } })] }),
        { calibration, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: null },
        quietContext(),
      );
    const filled = (value: number) =>
      async function* (): FeedBatches {
        for (let batch = 0; batch < 4; batch++)
          yield { x: { dtype: 'float32', dims: [4, 4], data: new Float32Array(16).fill(value) } };
      };
    await expect(on(filled(0))).rejects.toThrow(/data tell nothing of channels: no layer sees values that vary/u);
    await expect(on(filled(0.3))).rejects.toThrow(/data tell nothing of channels/u);
    async function* once(): FeedBatches {
      yield { x: { dtype: 'float32', dims: [2, 4], data: Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1) } };
    }
    const { outcomes } = await on(once);
    expect(outcomes[0]!.notes.join()).toContain('compared on the same');
  });

  it('takes a channel that another can stand in for, not the smallest', async () => {
    const { model } = await apply(withTwin(), [10, 2], [prune({ scope: 'uniform', target: { macs: 0.7 } }), { repair: { ridge: 0 } }]); // prettier-ignore
    const feed = randomFeed([5, 2], 77);
    const [wanted, got] = [await outputsOf(runner, withTwin(), feed), await outputsOf(runner, model, feed)];
    wanted['y']!.forEach((value, at) => expect(got['y']![at]).toBeCloseTo(value, 3));
  });

  it('loses by norm what the other units cannot make up for', async () => {
    const byNorm = { structure: 'channel', score: 'l2', align: 1, minimum: 1, target: { macs: 0.7 } };
    const steps = [{ prune: byNorm }, { repair: { ridge: 0 } }];
    const { outcomes } = await apply(withTwin(), [10, 2], steps);
    const repaired = outcomes[1]!;
    expect(repaired.kind === 'repair' && repaired.details.gain!.after.sqnrDb).toBeLessThan(20);
  });

  /** Two blocks of eight units each: those of the first are two units and six copies, those of the second all different. */
  const twoBlocks = (): Model => {
    const copies = Array.from({ length: 8 }, (_, unit) => (unit % 2 === 0 ? [1, 0, 0, 0] : [0, 1, 0, 0])).flat();
    return graph('blocks', 4)
      .input('x', 'float32', ['N', 4])
      .gemm({ inputs: 4, outputs: 8, name: 'a', bias: false, weight: copies, to: 'h' })
      .relu({ to: 'h2' })
      .gemm({ inputs: 8, outputs: 4, name: 'b', to: 'i' })
      .addTo('x', { to: 'j' })
      .gemm({ inputs: 4, outputs: 8, name: 'c', to: 'k' })
      .relu({ to: 'k2' })
      .gemm({ inputs: 8, outputs: 4, name: 'd', to: 'y' })
      .output('y')
      .build();
  };

  it('cuts where the measured loss is least, and keeps within the target', async () => {
    const optimal = await apply(twoBlocks(), [10, 4], [prune({ target: { macs: 0.625 } })]);
    expect(layersOf(optimal)).toEqual([2, 8]);
    const uniform = await apply(twoBlocks(), [10, 4], [prune({ target: { macs: 0.625 }, scope: 'uniform' })]);
    expect(layersOf(uniform)).toEqual([5, 5]);
    const { details } = optimal.outcomes[0]!;
    expect('macs' in details && details.macs).toEqual({ before: 128, after: 80 });
  });

  it('leaves a width that the recipe gives, and meets the target with the others', async () => {
    const given = await apply(twoBlocks(), [10, 4], [prune({ target: { macs: 0.5 }, widths: { a: 4 } })]);
    expect(layersOf(given)).toEqual([4, 4]);
  });

  it('says what was measured of whole cuts', async () => {
    const { outcomes } = await apply(twoBlocks(), [10, 4], [prune({ target: { macs: 0.5 } })]);
    expect(outcomes[0]!.notes.join()).toMatch(/repaired on 30 samples and compared on 30 others: [\d.e-]+ nats/u);
  });

  it('chooses the same again, for the same samples', async () => {
    const [a, b] = [1, 2].map(() => apply(twoBlocks(), [10, 4], [prune({ target: { macs: 0.5 } })]));
    expect(layersOf(await a!)).toEqual(layersOf(await b!));
  });
});
