import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { learnRounding } from '../../../../../main/engine/quantize/refine/learn-rounding.ts';
import {
  roundingModel,
  variableOf,
  type RoundingProblem,
} from '../../../../../main/engine/quantize/refine/rounding-graph.ts';
import { sourceOfModel } from '../../../../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const told = { signal: new AbortController().signal, progress: () => undefined };

/** One output of a few columns that hang together, so that rounding errors may cancel. */
function problemOf(bounds: RoundingProblem['bounds'], seed = 1): { problem: RoundingProblem; share: Float32Array } {
  const random = seededRandom(seed);
  const [columns, positions] = [7, 64];
  const weights = Float32Array.from({ length: columns }, () => 6 * random() - 3);
  const common = Float32Array.from({ length: positions }, () => random() * 2 - 1);
  const data = Float32Array.from(
    { length: columns * positions },
    (_, at) => common[at % positions]! + 0.3 * (random() - 0.5),
  );
  const target = Float32Array.from({ length: positions }, (_, p) =>
    weights.reduce((sum, weight, k) => sum + 0.5 * weight * data[k * positions + p]!, 0.1),
  );
  const floor = weights.map(Math.floor);
  const share = weights.map((weight, k) => weight - floor[k]!);
  const problem = {
    groups: 1, outputs: 1, columns, positions, floor, data, target, bounds,
    step: Float32Array.of(0.5), bias: Float32Array.of(0.1), lowest: -7, highest: 7,
  }; // prettier-ignore
  return { problem, share };
}

/** Σ (f(codes·x·step + bias) − f(target))² over the positions. */
function errorOf({ columns, positions, data, target, bounds }: RoundingProblem, codes: ArrayLike<number>): number {
  const pass = (value: number): number => (bounds ? Math.min(bounds.high, Math.max(bounds.low, value)) : value);
  let error = 0;
  for (let p = 0; p < positions; p++) {
    let given = 0.1;
    for (let k = 0; k < columns; k++) given += 0.5 * codes[k]! * data[k * positions + p]!;
    error += (pass(given) - pass(target[p]!)) ** 2;
  }
  return error;
}

const RELU = { low: 0, high: Infinity };

describe('learnt rounding', () => {
  it.each([
    ['without an activation', undefined],
    ['behind a rectifier', RELU],
  ])('comes to the best of all ways to round a small layer, %s', async (_, bounds) => {
    let [nearest, learnt] = [0, 0];
    for (const seed of [1, 2, 3]) {
      const { problem, share } = problemOf(bounds, seed);
      const all = Array.from({ length: 2 ** problem.columns }, (_way, way) =>
        errorOf(
          problem,
          problem.floor.map((value, k) => value + ((way >> k) & 1)),
        ),
      );
      const { codes, error } = await learnRounding(problem, share, runner, told);
      const rounded = problem.floor.map((value, k) => value + Math.round(share[k]!));
      expect(error.before).toBeCloseTo(errorOf(problem, rounded), 3);
      expect(error.after).toBeCloseTo(errorOf(problem, codes), 3);
      expect(error.after).toBeLessThan(1.2 * Math.min(...all) + 1e-6);
      [nearest, learnt] = [nearest + error.before, learnt + error.after];
    }
    expect(learnt).toBeLessThan(nearest / 2);
  });

  it('gives the same twice', async () => {
    const { problem, share } = problemOf(RELU);
    const [a, b] = [
      await learnRounding(problem, share, runner, told),
      await learnRounding(problem, share, runner, told),
    ];
    expect(a).toEqual(b);
  });

  it('follows the gradient that finite differences show', async () => {
    const { problem } = problemOf(RELU);
    const size = problem.columns;
    const v = Float32Array.from({ length: size }, (_, k) => 0.2 * k - 0.5);
    const schedule = { iterations: 10, batch: problem.positions, learningRate: 0.01, pull: 0.001, free: 0 };
    const session = await runner.load(sourceOfModel(roundingModel(problem, schedule)), { provider: 'cpu', threads: 1 });
    const dims = [1, 1, size];
    const zeros = { dtype: 'float32', dims, data: new Float32Array(size) } as const;
    const found = await session.run({
      trips: { dtype: 'int64', dims: [], data: BigInt64Array.of(1n) },
      begin: { dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) },
      unit: { dtype: 'float32', dims: [], data: Float32Array.of(1) },
      v: { dtype: 'float32', dims, data: v },
      m: zeros,
      s: zeros,
    });
    await session.close();
    // The first average holds a tenth of the gradient; the exponent is 20 at first.
    const gradient = Array.from(found['m_end']!.data as Float32Array, (value) => 10 * value);
    const loss = (at: Float64Array): number => {
      const h = at.map((value) => Math.min(1, Math.max(0, 1.2 / (1 + Math.exp(-value)) - 0.1)));
      const data =
        errorOf(
          problem,
          Float64Array.from(problem.floor, (value, k) => value + h[k]!),
        ) / problem.positions;
      return data + 0.001 * h.reduce((sum, value) => sum + 1 - Math.abs(2 * value - 1) ** 20, 0);
    };
    for (let k = 0; k < size; k++) {
      const [up, down] = [Float64Array.from(v), Float64Array.from(v)];
      up[k] = up[k]! + 1e-4;
      down[k] = down[k]! - 1e-4;
      expect(gradient[k]).toBeCloseTo((loss(up) - loss(down)) / 2e-4, 3);
    }
  });

  it('begins at the shares themselves', () => {
    for (const share of [0, 0.25, 0.5, 1]) expect(1.2 / (1 + Math.exp(-variableOf(share))) - 0.1).toBeCloseTo(share, 9);
  });
});
