import { describe, expect, it } from 'vitest';
import { countMagnitudes, magnitudeGrid } from '../../../../main/engine/prune/magnitude-grid.ts';
import { prunePlan } from '../../../../main/engine/prune/prune-plan.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

describe('magnitudeGrid', () => {
  it('starts at 0, ends at the largest magnitude and is logarithmic between', () => {
    const { edges } = magnitudeGrid(2, 2048);
    expect(edges).toHaveLength(2049);
    expect([edges[0], edges[2048]]).toEqual([0, 2]);
    expect(edges[1]).toBeCloseTo(2 * 2 ** -24, 12);
    const ratios = [edges[2]! / edges[1]!, edges[1000]! / edges[999]!, edges[2048]! / edges[2047]!];
    for (const ratio of ratios) expect(ratio).toBeCloseTo(2 ** (24 / 2047), 9);
  });

  it('counts as a search for each weight would', () => {
    const random = seededRandom(3);
    const weights = Float32Array.from({ length: 5000 }, (_, i) =>
      i % 10 === 0 ? 0 : (random() - 0.5) * 2 ** (-20 * random()),
    );
    const grid = magnitudeGrid(0.5, 64);
    const { cumulative, cumulativeEnergy } = countMagnitudes(weights, grid);
    for (const [at, edge] of grid.edges.entries()) {
      const below = weights.filter((weight) => Math.abs(weight) <= edge);
      expect(cumulative[at]).toBe(below.length);
      expect(cumulativeEnergy[at]).toBeCloseTo(
        below.reduce((sum, weight) => sum + weight * weight, 0),
        6,
      );
    }
  });

  it('holds a model of zeros', () => {
    const counts = countMagnitudes(new Float32Array(4), magnitudeGrid(0, 16));
    expect([...counts.cumulative]).toEqual(Array.from({ length: 17 }, () => 4));
  });
});

describe('prunePlan', () => {
  it('counts every layer with weights on one grid, with its cost', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 1, 4, 4])
      .conv({ name: 'c', channels: 2, kernel: 1, weight: [0.5, -0.25] })
      .flatten({ name: 'f' })
      .gemm({ name: 'g', inputs: 32, outputs: 1, weight: Array.from({ length: 32 }, () => 1) })
      .output()
      .build();
    const { edges, layers, frozen } = await prunePlan(model, {
      runners: { use: () => Promise.reject(new Error('no runner was expected')) },
      signal: new AbortController().signal,
    });
    expect(edges.at(-1)).toBe(1);
    expect(frozen).toEqual([]);
    expect(layers.map(({ name, op, weights, macs }) => ({ name, op, weights, macs }))).toEqual([
      { name: 'c', op: 'Conv', weights: 2, macs: 32 },
      { name: 'g', op: 'Gemm', weights: 32, macs: 32 },
    ]);
    const half = edges.findIndex((edge) => edge >= 0.5);
    expect(layers.map(({ cumulative }) => [cumulative[half], cumulative.at(-1)])).toEqual([
      [2, 2],
      [0, 32],
    ]);
    expect(layers[0]!.cumulativeEnergy.at(-1)).toBe(0.3125);
  });
});
