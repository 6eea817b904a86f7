import { describe, expect, it } from 'vitest';
import type { ElementStep } from '../../../../../main/contract/recipe/prune-elements.ts';
import type { PrunePlan } from '../../../../../main/contract/studio.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { pruneElements } from '../../../../../main/engine/prune/elements/prune-elements.ts';
import { prunePlan } from '../../../../../main/engine/prune/elements/prune-plan.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { cutModel, cutStrength } from '../../../../../main/judge/predict/cut.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { pruneStep } from '../../../../support/recipes.ts';

const context = {
  runners: { use: () => Promise.reject(new Error('no runner was expected')) },
  signal: new AbortController().signal,
};

/** Three layers of weights on very different scales; the first has 3 inputs, which no pattern divides. */
function threeLayers(): Model {
  const random = seededRandom(3);
  const weight = (count: number, scale: number): number[] =>
    Array.from({ length: count }, () => (random() + random() + random() - 1.5) * scale);
  return graph()
    .input('x', 'float32', [1, 3, 8, 8])
    .conv({ name: 'a', channels: 16, weight: weight(16 * 3 * 9, 1) })
    .conv({ name: 'b', channels: 16, weight: weight(16 * 16 * 9, 0.1) })
    .conv({ name: 'c', channels: 8, weight: weight(8 * 16 * 9, 0.01) })
    .output()
    .build();
}

async function planOf(model: Model): Promise<PrunePlan> {
  const { edges, layers, frozen } = await prunePlan(model, context);
  return { edges, layers: [...layers], frozen: [...frozen] };
}

describe('what a step is predicted to take', () => {
  const steps: readonly ElementStep[] = [
    ...[0.1, 0.5, 0.8, 0.97].map((sparsity) => pruneStep({ sparsity, scope: 'lamp' })),
    pruneStep({ sparsity: 0.6, scope: 'global' }),
    pruneStep({ sparsity: 0.6, scope: 'layer' }),
    pruneStep({ sparsity: 0.25, scope: 'layer', block: '4x1' }),
    pruneStep({ structure: '2:4' }),
    pruneStep({ structure: '4:8', score: 'random', exclude: ['b'] }),
  ];

  it.each(steps.map((step) => [JSON.stringify(step), step] as const))('%s: is what it takes', async (_, step) => {
    const model = threeLayers();
    const { layers, sparsity } = cutModel(await planOf(model), step, { parameters: 5000, macs: 1 });
    const { result } = await pruneElements(model, step, context);
    const taken = new Map(result.layers.map((layer) => [layer.name, layer.sparsity]));
    // Within a bin weights are taken as evenly spread: a few of them may lie on the other side.
    for (const layer of layers) {
      expect(Math.abs(layer.zeros! - (taken.get(layer.name) ?? 0) * layer.weights)).toBeLessThanOrEqual(4);
    }
    const zeros = layers.reduce((sum, layer) => sum + (taken.get(layer.name) ?? 0) * layer.weights, 0);
    expect(sparsity).toBeCloseTo(zeros / layers.reduce((sum, { weights }) => sum + weights, 0), 2);
  });

  it('is drawn evenly by chance', async () => {
    const plan = await planOf(threeLayers());
    const cut = cutModel(plan, pruneStep({ sparsity: 0.3, score: 'random', block: '1x4' }), {
      parameters: 5000,
      macs: 1,
    });
    expect(cutStrength(cut)).toBeCloseTo(0.3);
  });

  it('is not told where the plan does not know which weights go', async () => {
    const plan = await planOf(threeLayers());
    const totals = { parameters: 5000, macs: 1 };
    expect(cutStrength(cutModel(plan, pruneStep({ structure: '2:4' }), totals))).toBeNull();
    const blocks = cutModel(plan, pruneStep({ sparsity: 0.25, block: '4x1' }), totals);
    expect(blocks.layers.map(({ zeros }) => zeros)).toEqual([null, null, null]);
    expect([blocks.sparsity, blocks.effectiveMacs, cutStrength(blocks)]).toEqual([0.25, null, null]);
    const wanda = cutModel(plan, pruneStep({ sparsity: 0.25, score: 'wanda' }), totals);
    expect(wanda.layers.map(({ sparsity }) => sparsity)).toEqual([0.25, 0.25, 0.25]);
    expect([wanda.sparsity, cutStrength(wanda)]).toEqual([0.25, null]);
  });

  it('leaves out layers whose inputs scores from data cannot read', async () => {
    const { edges, layers, frozen } = await planOf(threeLayers());
    const hidden = layers.map((layer) => ({ ...layer, readable: layer.name !== 'b' }));
    const step = pruneStep({ structure: '2:4', score: 'sparsegpt' });
    const { layers: cut } = cutModel({ edges, layers: hidden, frozen }, step, { parameters: 5000, macs: 1 });
    expect(cut.map(({ sparsity }) => sparsity)).toEqual([0, 0, 0.5]);
  });
});
