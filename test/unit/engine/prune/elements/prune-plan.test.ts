import { describe, expect, it } from 'vitest';
import {
  countMagnitudes,
  emptyBins,
  magnitudeGrid,
  type MagnitudeGrid,
} from '../../../../../main/engine/prune/elements/magnitude-grid.ts';
import { magnitudesOf, type MagnitudeBins } from '../../../../../main/judge/predict/magnitudes.ts';
import { prunePlan } from '../../../../../main/engine/prune/elements/prune-plan.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';

function counted(weights: Float32Array, grid: MagnitudeGrid): MagnitudeBins {
  const bins = emptyBins(grid);
  countMagnitudes(weights, grid, bins);
  return bins;
}

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
    const { counts, energies } = counted(weights, grid);
    for (const [at, edge] of grid.edges.entries()) {
      const inside = weights.filter(
        (weight) => Math.abs(weight) <= edge && (at === 0 || Math.abs(weight) > grid.edges[at - 1]!),
      );
      expect(counts[at]).toBe(inside.length);
      expect(energies[at]).toBeCloseTo(
        inside.reduce((sum, weight) => sum + weight * weight, 0),
        6,
      );
    }
  });

  it('holds a model of zeros', () => {
    const { counts } = counted(new Float32Array(4), magnitudeGrid(0, 16));
    expect([...counts]).toEqual([4, ...Array.from({ length: 16 }, () => 0)]);
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
    const [conv, gemm] = layers.map((layer) => magnitudesOf(layer, edges));
    expect([...conv!.bins].map((bin) => edges[bin]!.toFixed(2))).toEqual(['0.00', '0.25', '0.50']);
    expect([...conv!.cumulative]).toEqual([0, 1, 2]);
    expect([...gemm!.cumulative]).toEqual([0, 32]);
    expect(conv!.cumulativeEnergy.at(-1)).toBeCloseTo(0.3125, 4);
    expect(layers[1]!.histogram.length).toBeLessThan(8);
  });
});
