import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { quietContext } from '../../../../main/base/progress.ts';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import type { RepairStepOutcome } from '../../../../main/engine/steps/repair.ts';
import { applyRecipe, type AppliedRecipe } from '../../../../main/engine/recipe/apply-recipe.ts';
import { nearestName } from '../../../../main/engine/recipe/check-layers.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Recipe, RecipeStep } from '../../../../main/contract/recipe/recipe.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import { graph } from '../../../support/graph-builder.ts';
import { pruneStep } from '../../../support/recipes.ts';
import { smallCnn } from '../../../support/sample-graphs.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const prune = (exclude: string[] = []): RecipeStep => ({
  prune: pruneStep({ exclude }),
});
/** Weights in 7 bits: with 8, a CPU without VNNI saturates, and layers rightly stay in float. */
const quantize = (exclude: string[] = [], reduceRange: true | 'auto' = true): RecipeStep => ({
  quantize: quantizeStepSchema.parse({ reduceRange, samples: 4, exclude }),
});

async function* samples(count: number): FeedBatches {
  const random = seededRandom(7);
  for (let i = 0; i < count; i++) {
    yield { x: { dtype: 'float32', dims: [1, 3, 8, 8], data: Float32Array.from({ length: 192 }, random) } };
  }
}

/** A call of a function, one convolution, then a convolution of the graph's own. */
function callingCnn(): Model {
  const opsetImports = [{ domain: '', version: 21, unknown: [] }];
  return graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .weights('w', [4, 3, 3, 3])
    .node('block', ['x', 'w'], {}, ['h'], { name: 'block', domain: 'local' })
    .conv({ name: 'last', inputs: 4, channels: 4, from: 'h', to: 'y' })
    .output('y')
    .build({
      opset: 21,
      domains: { local: 1 },
      functions: [
        {
          name: 'block',
          domain: 'local',
          overload: '',
          inputs: ['a', 'w'],
          outputs: ['out'],
          attributeNames: [],
          attributeDefaults: [],
          nodes: [makeNode('Conv', ['a', 'w'], ['out'])],
          opsetImports,
          valueInfos: [],
          docString: '',
          metadata: [],
          unknown: [],
        },
      ],
    });
}

function normedCnn(): Model {
  return graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'conv', channels: 4, to: 'c' })
    .initializer('g', 'float32', [4], [1, 2, 1, 2])
    .initializer('v', 'float32', [4], [1, 1, 2, 2])
    .initializer('z', 'float32', [4], [0, 0, 0, 0])
    .node('BatchNormalization', ['c', 'g', 'z', 'z', 'v'], {}, ['y'], { name: 'norm' })
    .output('y')
    .build();
}

/** Layers of the model that the last step was given which it left out because the recipe says so. */
function leftOut({ outcomes }: AppliedRecipe): string[] {
  const last = outcomes.at(-1);
  const layers = last?.kind === 'quantize' ? last.details.layers : [];
  return layers.filter(({ reason }) => reason === 'left out by the recipe').map(({ name }) => name);
}

function apply(model: Model, steps: readonly RecipeStep[], signal?: AbortSignal): Promise<AppliedRecipe> {
  const context = signal === undefined ? quietContext() : { ...quietContext(), signal };
  const recipe: Recipe = { version: 2, steps };
  return applyRecipe(
    model,
    recipe,
    { calibration: samples, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: true },
    context,
  );
}

describe('applyRecipe', () => {
  it('gives the same bytes when it is applied twice', async () => {
    const [a, b] = [await apply(smallCnn(), [prune(), quantize()]), await apply(smallCnn(), [prune(), quantize()])];
    expect(Buffer.compare(encodeModelBytes(a.model), encodeModelBytes(b.model))).toBe(0);
  });

  it('gives the same bytes from the recipe that it returns, whatever the CPU', async () => {
    const first = await apply(smallCnn(), [quantize([], 'auto')]);
    const resolved = quantizeStepSchema.parse({ reduceRange: false, samples: 4 });
    expect(first.recipe.steps).toEqual([{ quantize: resolved }]);
    const again = await applyRecipe(
      smallCnn(),
      first.recipe,
      { calibration: samples, sampleFeeds: () => Promise.resolve(undefined), runner, vnni: false },
      quietContext(),
    );
    expect(Buffer.compare(encodeModelBytes(first.model), encodeModelBytes(again.model))).toBe(0);
  });

  it('gives the model itself for an empty recipe', async () => {
    const model = smallCnn();
    expect(await apply(model, [])).toEqual({
      model,
      recipe: { version: 2, steps: [] },
      outcomes: [],
      sources: new Map(),
    });
  });

  it('keeps pruned weights at zero through quantization', async () => {
    const { model, outcomes } = await apply(smallCnn(), [prune(), quantize()]);
    expect(outcomes).toMatchObject([
      { kind: 'prune', details: { sparsity: { achieved: 0.5 } } },
      { kind: 'quantize', details: { fusedShare: 1 } },
    ]);
    const codes = model.graph.initializers.filter(({ dtype, dims }) => dtype === 'int8' && dims.length === 4);
    const values = codes.flatMap(({ storage }) => (storage.kind === 'raw' ? [...storage.bytes] : []));
    expect(values).toHaveLength(4 * 3 * 9 + 4 * 4 * 9);
    expect(values.filter((value) => value === 0).length).toBeGreaterThanOrEqual(values.length / 2);
  });

  it('applies every step in its order, and tells of each', async () => {
    const steps = [0.1, 0.4, 0.99].map((sparsity) => ({
      prune: pruneStep({ sparsity }),
    }));
    const { outcomes, recipe } = await apply(smallCnn(), steps);
    const asked = outcomes.map((outcome) => (outcome.kind === 'prune' ? outcome.details.sparsity.requested : null));
    expect(asked).toEqual([0.1, 0.4, 0.99]);
    expect(recipe.steps).toEqual(steps);
  });

  it('leaves steps out that are switched off', async () => {
    const { model, outcomes, recipe } = await apply(smallCnn(), [{ ...prune(), off: true }]);
    expect([model, outcomes, recipe.steps]).toEqual([smallCnn(), [], []]);
  });

  it('refuses pruning after quantization, naming both', async () => {
    await expect(apply(smallCnn(), [quantize(), prune()])).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: 'Prune stands after Quantize: weights that are integers already cannot be pruned.',
    });
  });

  it('refuses a repair before anything is pruned, and one of integers', async () => {
    const repair: RecipeStep = { repair: { method: 'bias', samples: 4, exclude: [] } };
    await expect(apply(smallCnn(), [repair, prune()])).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: 'Repair stands before any Prune: there is nothing to repair before something is pruned.',
    });
    await expect(apply(smallCnn(), [{ ...prune(), off: true }, repair])).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
    });
    await expect(apply(smallCnn(), [prune(), quantize(), repair])).rejects.toMatchObject({
      message: 'Repair stands after Quantize: weights that are integers already cannot be solved again.',
    });
  });

  it('repairs what it pruned, also where another step stands between, and keeps the zeros', async () => {
    const repair: RecipeStep = { repair: { method: 'least-squares', ridge: 0.01, samples: 4, exclude: [] } };
    const steps = [prune(), { rewrite: { pass: 'fold-batchnorm' } } as const, repair];
    const [pruned, repaired] = [await apply(smallCnn(), steps.slice(0, 2)), await apply(smallCnn(), steps)];
    const { gain, layers } = repaired.outcomes[2]!.details as RepairStepOutcome['details'];
    expect(gain!.after.sqnrDb).toBeGreaterThan(gain!.before.sqnrDb);
    for (const { error } of layers) expect(error.after).toBeLessThanOrEqual(error.before);
    const zeros = ({ model }: AppliedRecipe): number =>
      model.graph.initializers
        .filter(({ dims }) => dims.length === 4)
        .reduce((sum, tensor) => sum + tensorValues(tensor).filter((value: number | bigint) => value === 0).length, 0);
    expect(zeros(repaired)).toBe(zeros(pruned));
  });

  it('rewrites a model that then computes the same, with the layers that each node stands for', async () => {
    const { model, outcomes } = await apply(smallCnn(), [{ rewrite: { pass: 'fold-batchnorm' } }]);
    expect(outcomes[0]?.kind).toBe('rewrite');
    expect(model.graph.nodes.length).toBeLessThanOrEqual(smallCnn().graph.nodes.length);
  });

  it('refuses layers that the model does not have, with the nearest name', async () => {
    await expect(apply(smallCnn(), [prune(), quantize(['/layer1/0/conv1/conv'])])).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_LAYER',
      message: expect.stringContaining('Step 2 (quantize)'),
      hint: expect.stringContaining("'/layer1/0/conv1/Conv'"),
    });
  });

  it('leaves a layer out that a step before replaced by others', async () => {
    const inline: RecipeStep = { rewrite: { pass: 'inline-functions' } };
    const left = async (exclude: string[]): Promise<string[]> => {
      const applied = await apply(callingCnn(), [inline, quantize(exclude)]);
      expect(applied.recipe.steps).toMatchObject([inline, { quantize: { exclude } }]);
      expect(applied.sources.get('block/Conv_0')).toEqual(['block']);
      return leftOut(applied);
    };
    expect(await left([])).toEqual([]);
    expect(await left(['block'])).toEqual(['block/Conv_0']);
    expect(await left(['last'])).toEqual(['last']);
  });

  it('leaves a layer out that a step before merged into another', async () => {
    const steps = (exclude: string[]): RecipeStep[] => [{ rewrite: { pass: 'fold-batchnorm' } }, quantize(exclude)];
    expect(leftOut(await apply(normedCnn(), steps([])))).toEqual([]);
    const applied = await apply(normedCnn(), steps(['norm']));
    expect(leftOut(applied)).toEqual(['conv']);
    expect([...applied.sources]).toEqual([['conv', ['conv', 'norm']]]);
  });

  it('names a layer by its source where another has taken its name', async () => {
    // The call 'block' becomes 'block/Conv_0', which stands for it; 'last' stays what it is.
    const { outcomes } = await apply(callingCnn(), [{ rewrite: { pass: 'inline-functions' } }, prune(['block'])]);
    const pruned = outcomes.flatMap((it) => (it.kind === 'prune' ? it.details.layers.map(({ name }) => name) : []));
    expect(pruned).toEqual(['last']);
  });

  it('tells no sources of nodes that stand for the layer of their own name', async () => {
    const { sources } = await apply(smallCnn(), [prune()]);
    expect(sources).toEqual(new Map());
    const all = (await apply(smallCnn(), [quantize()])).sources;
    expect([...all].filter(([node, layers]) => layers.length === 1 && layers[0] === node)).toEqual([]);
    expect([...new Set([...all.values()].flat())]).toContain('/layer1/0/conv1/Conv');
  });

  it('stops before the first step when it is cancelled', async () => {
    await expect(apply(smallCnn(), [prune()], AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

it('the nearest name is the one with the fewest edits', () => {
  expect(nearestName('conv2', ['pool', 'conv1', 'Conv22'])).toBe('conv1');
  expect(nearestName('anything', [])).toBeUndefined();
});
