import { describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { describe as predicted, proposals } from '../../../../main/engine/search/proposals.ts';
import {
  bestTrial,
  frontOf,
  margin,
  nextPlace,
  searchPrecisions,
  type MeasuredQuality,
  type SearchPort,
  type SearchTrial,
} from '../../../../main/engine/search/search.ts';
import type { SearchSpace } from '../../../../main/engine/search/search-space.ts';

const quality: MeasuredQuality = {
  drop: null,
  agreement: null,
  sqnrDb: 30,
  latencyMs: 1,
  latencyRatio: 0.5,
  bytes: 100,
};

/** Twelve layers in a row, each 1 ms in float and 0.5 in int8; each loses twice as much as the one before. */
const LOSSES = Array.from({ length: 12 }, (_, at) => 1e-5 * 2 ** at);
const space: SearchSpace = {
  groups: LOSSES.map((loss, at) => ({
    layers: [`layer${at}`],
    floatMs: 1,
    integerMs: 0.5,
    floatBytes: 400,
    integerBytes: 100,
    loss,
  })),
  values: [],
  floatMs: 12,
  integerMs: 6,
  allLoss: LOSSES.reduce((sum, loss) => sum + loss, 0),
};

/** A world in which losses are three times those predicted, and a whole model in int8 by MSE is better than by min-max. */
function world(): { readonly port: SearchPort; readonly made: Int8StaticStep[] } {
  const made: Int8StaticStep[] = [];
  const measure = (step: Int8StaticStep): Promise<MeasuredQuality & { id: string }> => {
    made.push(step);
    const integer = space.groups.map(({ layers }) => step.layers[layers[0]!] !== 'float');
    const { ms, bytes, loss } = predicted(space, integer);
    const sqnrDb = -10 * Math.log10(3 * loss) - (step.calibrator === 'mse' ? 0 : 1);
    return Promise.resolve({ ...quality, id: `t${made.length}`, sqnrDb, latencyMs: ms, latencyRatio: ms / 12, bytes });
  };
  return { port: { measure, space: () => Promise.resolve(space) }, made };
}

async function search(port: SearchPort, minSqnrDb: number, trials = 20): Promise<SearchTrial[]> {
  const goal = { floor: { minSqnrDb }, minimize: 'latency', trials, timeMs: null, samples: 8 } as const;
  const found: SearchTrial[] = [];
  for await (const trial of searchPrecisions(port, goal, quietContext())) found.push(trial);
  return found;
}

describe('the search for precisions', () => {
  it('finds the fastest choice that keeps the floor, though the prediction is off by a factor of three', async () => {
    const { port } = world();
    const trials = await search(port, 20);
    const best = bestTrial(trials, 'latency')!;
    // 3 · Σ ≤ 0.01: the first eight layers lose 3 · 255e-5, nine would lose 3 · 511e-5.
    expect(Object.keys(best.step.layers)).toEqual(['layer8', 'layer9', 'layer10', 'layer11']);
    expect(best.step.calibrator).toBe('mse');
    expect(best.latencyRatio).toBeCloseTo(8 / 12, 12);
    // Four ways to find ranges, the choice, the first beyond it, and some neighbours.
    expect(trials.length).toBeLessThanOrEqual(11);
  });

  it('makes nothing twice, and tells what was predicted', async () => {
    const { port, made } = world();
    const trials = await search(port, 20);
    expect(new Set(made.map((step) => JSON.stringify(step))).size).toBe(made.length);
    expect(trials.slice(0, 4).every(({ predicted: one }) => one === null)).toBe(true);
    expect(trials.at(-1)!.predicted!.latencyRatio).toBeCloseTo(trials.at(-1)!.latencyRatio, 12);
  });

  it('stops at its number of trials', async () => {
    const { port, made } = world();
    await search(port, 20, 6);
    expect(made.map(({ calibrator }) => calibrator)).toEqual(['minmax', 'mse', 'mse', 'mse', 'mse', 'mse']);
    made.length = 0;
    await search(port, 20, 1);
    expect(made).toHaveLength(1);
  });

  it('ends when it is cancelled', async () => {
    const { port } = world();
    const abort = new AbortController();
    const found = searchPrecisions(
      port,
      { floor: { minSqnrDb: 20 }, minimize: 'latency', trials: 9, timeMs: null, samples: 8 },
      { signal: abort.signal, progress: () => undefined },
    );
    await found.next();
    abort.abort();
    await expect(found.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('the next choice to measure', () => {
  const front = proposals(space, 'latency');
  const measured = (places: Readonly<Record<number, boolean>>, scale = 1) =>
    new Map(
      Object.entries(places).map(([at, keeps]) => [
        Number(at),
        { keeps, sqnrDb: -10 * Math.log10(scale * front[Number(at)]!.loss) },
      ]),
    );

  it('is the last that is predicted to keep the floor, and after a measurement by what that taught', () => {
    // Σ ≤ 0.01: nine layers (0.00511), not ten (0.01023).
    expect(nextPlace(front, new Map(), { minSqnrDb: 20 })).toBe(9);
    expect(nextPlace(front, measured({ 9: false }, 3), { minSqnrDb: 20 })).toBe(8);
  });

  it('is the middle where only yes and no are known', () => {
    expect(nextPlace(front, new Map(), { maxDrop: 0.01 })).toBe(6);
    expect(nextPlace(front, measured({ 6: true }), { maxDrop: 0.01 })).toBe(9);
    expect(nextPlace(front, measured({ 6: false }), { maxDrop: 0.01 })).toBe(2);
  });

  it('is a neighbour once the border is found, and nothing after those', () => {
    expect(nextPlace(front, measured({ 8: true, 9: false }), { minSqnrDb: 20 })).toBe(10);
    expect(
      nextPlace(front, measured({ 6: true, 7: true, 8: true, 9: false, 10: false, 11: false }), { minSqnrDb: 20 }),
    ).toBe(undefined);
  });
});

describe('what a trial keeps', () => {
  it('is its accuracy, without labels its agreement, or the noise of its outputs', () => {
    expect(margin({ ...quality, drop: 0.002, agreement: 0.5 }, { maxDrop: 0.005 })).toBeCloseTo(0.003, 12);
    expect(margin({ ...quality, agreement: 0.99 }, { maxDrop: 0.005 })).toBeCloseTo(-0.005, 12);
    expect(margin({ ...quality, sqnrDb: 32.5 }, { minSqnrDb: 32 })).toBeCloseTo(0.5, 12);
    expect(() => margin(quality, { maxDrop: 0.005 })).toThrow(/no scores/);
  });

  it('makes the front: what no other trial beats in cost and quality', () => {
    const trials = [
      [0.5, 30],
      [0.6, 29],
      [0.7, 33],
      [0.4, 20],
    ].map(([latencyRatio, sqnrDb]) => ({ ...quality, latencyRatio: latencyRatio!, sqnrDb: sqnrDb! }));
    expect(frontOf(trials, 'latency').map(({ sqnrDb }) => sqnrDb)).toEqual([20, 30, 33]);
    const kept = trials.map((trial) => ({ ...trial, keeps: trial.sqnrDb >= 25 }));
    expect(bestTrial(kept, 'latency')!.sqnrDb).toBe(30);
    expect(bestTrial([], 'size')).toBeUndefined();
  });
});
