import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PrunePlan } from '../../../../main/contract/studio.ts';
import { cutModel, cutStrength } from '../../../../main/judge/predict/cut.ts';
import { pruneStep } from '../../../support/recipes.ts';
import { histogramOf, twoLayerPlan } from './cases.ts';

const TOTALS = { parameters: 10, macs: 250 };

describe('cutModel', () => {
  it('cuts the layer with the smaller weights first when the threshold is global', () => {
    const cut = cutModel(twoLayerPlan(), pruneStep({ sparsity: 0.5 }), TOTALS);
    expect(cut.layers.map((layer) => layer.sparsity)).toEqual([1, 0]);
    expect(cut.threshold).toBe(1);
  });

  it('cuts every layer alike when the scope is the layer', () => {
    const cut = cutModel(twoLayerPlan(), pruneStep({ sparsity: 0.5, scope: 'layer' }), TOTALS);
    expect(cut.layers.map((layer) => layer.sparsity)).toEqual([0.5, 0.5]);
    expect(cut.threshold).toBeNull();
  });

  it('counts what is left of the whole model, unprunable parameters and MACs included', () => {
    const cut = cutModel(twoLayerPlan(), pruneStep({ sparsity: 0.75 }), TOTALS);
    expect(cut.sparsity).toBe(0.75);
    expect(cut.nonZeroParameters).toBe(4);
    expect(cut.effectiveMacs).toBe(100);
  });

  it('leaves excluded layers alone and takes the share from the others', () => {
    const cut = cutModel(twoLayerPlan(), pruneStep({ exclude: ['small'] }), TOTALS);
    expect(cut.layers.map((layer) => layer.zeros)).toEqual([0, 2]);
    expect(cut.layers[0]?.excluded).toBe(true);
  });

  it('removes nothing at sparsity 0 and everything at 1', () => {
    const none = cutModel(twoLayerPlan(), pruneStep({ sparsity: 0 }), TOTALS);
    const all = cutModel(twoLayerPlan(), pruneStep({ sparsity: 1 }), TOTALS);
    expect([none.sparsity, all.sparsity]).toEqual([0, 1]);
    expect([cutStrength(none), cutStrength(all)]).toEqual([0, 1]);
  });

  it('measures strength as the mean share of removed energy', () => {
    const cut = cutModel(twoLayerPlan(), pruneStep({ sparsity: 0.75 }), TOTALS);
    // small loses all of it, large 8 of 40
    expect(cutStrength(cut)).toBeCloseTo((1 + 0.2) / 2);
  });

  it('counts weights that are zero already', () => {
    const edges = Float64Array.from([0, 1]);
    const plan: PrunePlan = {
      edges,
      layers: [
        {
          name: 'half',
          op: 'Conv',
          weights: 4,
          macs: null,
          inputs: null,
          readable: true,
          histogram: histogramOf([2, 2], [0, 1], edges),
        },
      ],
      frozen: [],
    };
    expect(cutModel(plan, pruneStep({ sparsity: 0.25 }), TOTALS).layers[0]?.zeros).toBe(2);
  });

  it('draws from all weights alike, those that are zero first', () => {
    const edges = Float64Array.from([0, 1, 2]);
    const layers = [
      {
        name: 'dense',
        op: 'Conv',
        weights: 6,
        macs: null,
        inputs: 2,
        readable: true,
        histogram: histogramOf([0, 3, 3], [0, 3, 12], edges),
      },
      {
        name: 'sparse',
        op: 'Conv',
        weights: 4,
        macs: null,
        inputs: 2,
        readable: true,
        histogram: histogramOf([4, 0, 0], [0, 0, 0], edges),
      },
    ];
    // 7 of 10: the 4 zeros, and 3 of the 6 others, which hold half of their energy
    const cut = cutModel({ edges, layers, frozen: [] }, pruneStep({ sparsity: 0.7, score: 'random' }), TOTALS);
    expect(cut.layers.map(({ zeros, energyRemoved }) => [zeros, energyRemoved])).toEqual([
      [3, 0.5],
      [4, 0],
    ]);
  });

  it('reaches the asked sparsity to one weight a layer, for any plan', () => {
    const planArbitrary = fc
      .array(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 6 })
      .filter((layers) => layers.some((bins) => bins.some((count) => count > 0)));
    fc.assert(
      fc.property(planArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (layers, sparsity) => {
        const plan = planOf(layers);
        const total = plan.layers.reduce((sum, layer) => sum + layer.weights, 0);
        const cut = cutModel(plan, pruneStep({ sparsity }), { parameters: total, macs: 0 });
        const zeros = cut.layers.reduce((sum, layer) => sum + layer.zeros!, 0);
        const before = layers.reduce((sum, bins) => sum + bins[0]!, 0);
        expect(Math.abs(zeros - Math.max(before, sparsity * total))).toBeLessThanOrEqual(
          plan.layers.length * 0.5 + 1e-6,
        );
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

function planOf(layers: readonly (readonly number[])[]): PrunePlan {
  const edges = Float64Array.from([0, 1, 2, 3, 4]);
  return {
    edges,
    layers: layers.map((bins, index) => ({
      name: `l${index}`,
      op: 'Conv',
      weights: bins.reduce((sum, count) => sum + count, 0),
      macs: 1,
      inputs: null,
      readable: true,
      histogram: histogramOf(bins, bins, edges),
    })),
    frozen: [],
  };
}
