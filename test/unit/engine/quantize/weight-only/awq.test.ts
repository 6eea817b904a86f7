import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { findFactors, type ScaledMatrix } from '../../../../../main/engine/quantize/weight-only/input-factors.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { runNow } from '../../../../../main/engine/tensor/linear/interruptible.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf } from '../oracle.ts';
import { quantizeWeights } from './weight-step.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const matrix = (weights: readonly number[], squares: readonly number[]): ScaledMatrix => {
  const columns = squares.length;
  const gram = new Float64Array(columns * columns);
  for (const [at, square] of squares.entries()) gram[at * columns + at] = square;
  return {
    rows: weights.length / columns,
    columns,
    weights: Float32Array.from(weights),
    format: { bits: 4, block: 16, symmetric: true, roundScale: Math.fround },
    gram,
    channels: Int32Array.from({ length: columns }, (_, at) => at),
  };
};

describe('findFactors', () => {
  it('leaves inputs alone that are all alike', () => {
    const { exponent, factors, left } = runNow(findFactors([matrix([0.3, 1, -8, 0.6], [4, 4, 4, 4])], 4));
    expect({ exponent, left }).toEqual({ exponent: 0, left: 1 });
    expect([...factors]).toEqual([1, 1, 1, 1]);
  });

  it('makes weights of a loud input larger, so that its codes are finer', () => {
    // Steps of 1, for −8 is the largest: 0.4 of the loud input is rounded to 0. Quiet inputs hardly count.
    const { exponent, factors, left } = runNow(findFactors([matrix([0.4, 1, -8, 2], [100, 0.01, 0.01, 0.01])], 4));
    expect(exponent).toBeGreaterThan(0);
    expect(left).toBeLessThan(0.2);
    // √(max·min) is 1: the loud one grows as the others shrink
    expect(factors[0]! * factors[1]!).toBeCloseTo(1, 6);
    expect(factors[0]).toBeGreaterThan(1);
  });
});

/** A factor for each channel before a layer, as normalizations have, and one loud channel. */
const model = graph('net', 4)
  .input('x', 'float32', ['N', 64])
  .initializer(
    'gain',
    'float32',
    [64],
    Float32Array.from({ length: 64 }, (_, at) => (at === 5 ? 30 : 1)),
  )
  .node('Mul', ['x', 'gain'], {}, ['h'], { name: 'scale' })
  .weights('w', [64, 48])
  .node('MatMul', ['h', 'w'], {}, ['y'], { name: 'fc' })
  .output()
  .build();

async function* data(samples: number): FeedBatches {
  const random = seededRandom(6);
  for (let at = 0; at < samples; at += 8) {
    const values = Float32Array.from({ length: 8 * 64 }, () => random() - 0.5);
    yield { x: { dtype: 'float32', dims: [8, 64], data: values } };
  }
}

describe('AWQ', () => {
  it('moves factors into the layer before, and errs less in the outputs than nearest codes', async () => {
    const settings = { block: 64, symmetric: true, compute: 'float32' };
    const nearest = await quantizeWeights(model, settings, runner);
    const scaled = await quantizeWeights(model, { ...settings, method: 'awq', samples: 64 }, runner, data);
    const gain = scaled.model.graph.initializers.find(({ dims }) => dims.length === 1 && dims[0] === 64)!;
    expect((tensorValues(gain) as Float32Array)[5]!).toBeLessThan(30);
    const errorOf = async (other: Model): Promise<number> => {
      let error = 0;
      for await (const feeds of data(32)) {
        const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, other, feeds)];
        error += before['y']!.reduce((sum, value, at) => sum + (value - after['y']![at]!) ** 2, 0);
      }
      return error;
    };
    expect(await errorOf(scaled.model)).toBeLessThan(0.7 * (await errorOf(nearest.model)));
    expect(scaled.notes.some((note) => note.startsWith('Inputs of 1 group '))).toBe(true);
  });

  it('says where no layer can take up the factors', async () => {
    const alone = graph()
      .input('x', 'float32', ['N', 64])
      .weights('w', [64, 8])
      .node('MatMul', ['x', 'w'])
      .output()
      .build();
    const { notes } = await quantizeWeights(alone, { method: 'awq', samples: 8 }, runner, data);
    expect(notes[0]).toContain('The inputs of 1 of 1 matrices are not scaled');
  });
});
