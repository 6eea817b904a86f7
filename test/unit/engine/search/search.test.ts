import { describe, expect, it, vi } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { recipeOf, type Choice, type IntegerChoice } from '../../../../main/engine/search/choice.ts';
import { nextPlace } from '../../../../main/engine/search/next-place.ts';
import { describe as predicted, proposals } from '../../../../main/engine/search/proposals.ts';
import { bestTrial, frontOf, margin, type MeasuredQuality } from '../../../../main/engine/search/rank.ts';
import {
  raceFinalists,
  searchPrecisions,
  type SearchGoal,
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
    wideLoss: null,
  })),
  values: [],
  floatMs: 12,
  integerMs: 6,
  allLoss: LOSSES.reduce((sum, loss) => sum + loss, 0),
};

/**
 * A world in which losses are three times those predicted, a whole model in int8 by MSE is better than by min-max, and of the repairs
 * corrected biases bring 2 dB if measured, learnt rounding 1 dB, ranges by the outputs 0.3 dB, and equalizing makes all worse.
 */
function world(): { readonly port: SearchPort; readonly made: IntegerChoice[]; readonly raced: string[][] } {
  const made: IntegerChoice[] = [];
  const raced: string[][] = [];
  const measure = (choice: Choice): Promise<MeasuredQuality & { id: string }> => {
    made.push(integer(choice));
    const { before, step } = integer(choice);
    const precisions = space.groups.map(({ layers }) => (step.layers[layers[0]!] === 'float' ? 'float' : 'int8'));
    const { ms, bytes, loss } = predicted(space, precisions);
    const gained =
      (step.calibrator === 'mse' ? 0 : step.calibrator === 'logits' ? 0.3 : -1) +
      (step.biasCorrection === 'empirical' ? 2 : 0) +
      (step.rounding === 'adaround' ? 1 : 0) -
      before.length;
    const sqnrDb = -10 * Math.log10(3 * loss) + gained;
    return Promise.resolve({ ...quality, id: `t${made.length}`, sqnrDb, latencyMs: ms, latencyRatio: ms / 12, bytes });
  };
  const race: SearchPort['race'] = (ids) => {
    raced.push([...ids]);
    return Promise.resolve(new Map(ids.map((id, at) => [id, { latencyMs: 10 - at, latencyRatio: (10 - at) / 12 }])));
  };
  return { port: { measure, race, space: () => Promise.resolve(space) }, made, raced };
}

/** Latency is what most searches here make least: all of their choices run in int8. */
const integer = (choice: Choice): IntegerChoice => choice as IntegerChoice;

const goalOf = (goal: Partial<SearchGoal>): SearchGoal => ({
  floor: { minSqnrDb: 20 },
  minimize: 'latency',
  trials: 20,
  timeMs: null,
  samples: 8,
  vnni: true,
  ...goal,
});

type IntegerTrial = SearchTrial & { readonly choice: IntegerChoice };

async function search(port: SearchPort, minSqnrDb: number, trials = 20): Promise<IntegerTrial[]> {
  const found: IntegerTrial[] = [];
  const goal = goalOf({ floor: { minSqnrDb }, trials });
  for await (const trial of searchPrecisions(port, goal, quietContext())) {
    found.push({ ...trial, choice: integer(trial.choice) });
  }
  return found;
}

describe('the search for precisions', () => {
  it('finds the fastest choice that keeps the floor, though the prediction is off by a factor of three', async () => {
    const { port } = world();
    const trials = await search(port, 20);
    const best = bestTrial(trials, 'latency')!;
    // 2 dB are a factor of 1.58, and learnt rounding brings it to 2: nine layers lose 3 / 2 · 511e-5, ten would 3 / 2 · 1023e-5.
    expect(Object.keys(best.choice.step.layers)).toEqual(['layer9', 'layer10', 'layer11']);
    expect(best.choice.step).toMatchObject({ calibrator: 'mse', biasCorrection: 'empirical' });
    expect(best.latencyRatio).toBeCloseTo(7.5 / 12, 12);
    // Four ways to find ranges, six repairs, the choice, the first beyond it, and some neighbours.
    expect(trials.length).toBeLessThanOrEqual(17);
  });

  it('keeps of the repairs those that help, and tries none where the floor is kept without', async () => {
    const { port, made } = world();
    await search(port, 20);
    const repaired = made.find(({ step }) => Object.keys(step.layers).length > 0)!;
    expect(repaired.before).toEqual([]);
    expect(repaired.step).toMatchObject({ biasCorrection: 'empirical', splitInputs: false, rounding: 'nearest' });
    expect(recipeOf({ ...repaired, before: [] }).steps).toHaveLength(1);
    made.length = 0;
    // All in int8 lose 3 · 4095e-5: 9.1 dB.
    await search(port, 8);
    expect(made.every(({ before, step }) => before.length === 0 && step.biasCorrection === 'none')).toBe(true);
  });

  it('tries once more what did not help before something else did', async () => {
    const { port, made } = world();
    const measure: SearchPort['measure'] = async (choice, name) => {
      const measured = await port.measure(choice, name);
      const split = integer(choice).step.splitInputs;
      const gained = (split ? 2 : 0) + (split ? 2 : 0) * choice.before.length;
      return { ...measured, sqnrDb: measured.sqnrDb! + gained };
    };
    const trials = await search({ ...port, measure }, 20);
    const wholes = made.filter(({ step }) => Object.keys(step.layers).length === 0 && step.rounding !== 'adaround');
    const methods = wholes.map(({ before }) => before.length);
    // By cross-layer and smooth, in vain; then with images in two codes, both of which stay.
    expect(methods).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 2]);
    expect(bestTrial(trials, 'latency')!.choice).toMatchObject({
      step: { splitInputs: true, biasCorrection: 'empirical' },
    });
    expect(bestTrial(trials, 'latency')!.choice.before).toHaveLength(2);
  });

  it('tries what takes minutes last, on what misses the floor by little, until it keeps it', async () => {
    const { port, made } = world();
    const isSlow = ({ step }: IntegerChoice): boolean => step.rounding === 'adaround' || step.calibrator === 'logits';
    // Nine layers: 3 · 511e-5 are 18.1 dB, 20.1 with biases corrected, 20.4 with ranges by the outputs, 21.4 with learnt rounding as well.
    const learnt = await search(port, 20.6);
    const slow = made.filter(isSlow).length;
    expect(made.slice(0, -slow).some(isSlow)).toBe(false);
    expect(bestTrial(learnt, 'latency')!.choice.step.rounding).toBe('adaround');
    expect(bestTrial(learnt, 'latency')!.sqnrDb).toBeCloseTo(21.44, 1);
    made.length = 0;
    const found = await search(port, 20.3);
    expect(bestTrial(found, 'latency')!.choice.step).toMatchObject({ calibrator: 'logits', rounding: 'nearest' });
    expect(made.some(({ step }) => step.rounding === 'adaround' && Object.keys(step.layers).length === 3)).toBe(false);
  });

  it.each([
    { bits: 4, of4: 40, found: 'int4-weight', made: ['int4-weight'] },
    { bits: 8, of4: 15, found: 'int8-weight', made: ['int4-weight', 'int8-weight'] },
  ])(
    'for size tries weights alone in 4 bits, and in 8 where these lose too much: $bits',
    async ({ of4, found, made }) => {
      const tried: string[] = [];
      const port: SearchPort = {
        ...world().port,
        measure: ({ step: { scheme } }, name) => {
          if (scheme !== 'int8-static') tried.push(scheme);
          const [sqnrDb, bytes] =
            scheme === 'int4-weight' ? [of4, 60] : scheme === 'int8-weight' ? [45, 80] : [10, 100];
          return Promise.resolve({ ...quality, id: `${tried.length} ${name}`, sqnrDb, bytes });
        },
      };
      const trials: SearchTrial[] = [];
      const goal = goalOf({ floor: { minSqnrDb: 30 }, minimize: 'size', trials: 6 });
      for await (const trial of searchPrecisions(port, goal, quietContext())) trials.push(trial);
      expect(bestTrial(trials, 'size')!.choice.step.scheme).toBe(found);
      expect(tried).toEqual(made);
    },
  );

  it('tries what takes minutes first on the model all in int8, where that nearly keeps the floor', async () => {
    const { port, made } = world();
    // 3 · 4095e-5 are 9.1 dB, 11.1 with biases corrected, 11.4 with ranges by the outputs, 12.4 with learnt rounding as well.
    const trials = await search(port, 12);
    const kept = trials.find(({ keeps }) => keeps)!;
    expect(kept.choice.step).toMatchObject({ calibrator: 'logits', rounding: 'adaround', layers: {} });
    expect(bestTrial(trials, 'latency')).toBe(kept);
    const mixed = made.findIndex(({ step }) => Object.keys(step.layers).length > 0);
    expect(mixed === -1 || mixed > trials.indexOf(kept)).toBe(true);
  });

  it('takes 8-bit codes whose sums never saturate first where the CPU lacks VNNI', async () => {
    const { port, made } = world();
    for await (const trial of searchPrecisions(port, goalOf({ vnni: false, trials: 8 }), quietContext())) void trial;
    expect(made[4]!.step.types).toBe('u8u8');
  });

  it('times those that may be the fastest again, all in turns', async () => {
    const { port, raced } = world();
    const trials = await search(port, 20);
    const again = await raceFinalists(trials, 'latency', port);
    const kept = trials.filter(({ keeps }) => keeps);
    expect(raced).toHaveLength(1);
    expect(raced[0]!.length).toBeLessThanOrEqual(kept.length);
    expect(again.find(({ id }) => id === raced[0]!.at(-1))!.latencyRatio).toBe((11 - raced[0]!.length) / 12);
    expect(await raceFinalists(trials, 'size', port)).toBe(trials);
  });

  it('makes nothing twice, and tells what was predicted', async () => {
    const { port, made } = world();
    const trials = await search(port, 20);
    expect(new Set(made.map((step) => JSON.stringify(step))).size).toBe(made.length);
    expect(trials.slice(0, 4).every(({ predicted: one }) => one === null)).toBe(true);
    expect(trials.at(-1)!.predicted!.latencyRatio).toBeCloseTo(trials.at(-1)!.latencyRatio, 12);
  });

  it('leaves time for choosing among layers where trials take long', async () => {
    const { port } = world();
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const slow: SearchPort = { ...port, measure: (...args) => ((now += 30_000), port.measure(...args)) };
      const names: string[] = [];
      const goal = goalOf({ floor: { minSqnrDb: 40 }, timeMs: 280_000 });
      for await (const { name } of searchPrecisions(slow, goal, quietContext())) names.push(name);
      expect(names.filter((name) => name.includes('groups of layers in float')).length).toBeGreaterThan(2);
    } finally {
      clock.mockRestore();
    }
  });

  it('stops at its number of trials', async () => {
    const { port, made } = world();
    await search(port, 20, 6);
    expect(made.map(({ step }) => step.calibrator)).toEqual(['minmax', 'mse', 'mse', 'mse', 'mse', 'mse']);
    made.length = 0;
    await search(port, 20, 1);
    expect(made).toHaveLength(1);
  });

  it('ends when it is cancelled', async () => {
    const { port } = world();
    const abort = new AbortController();
    const found = searchPrecisions(port, goalOf({ trials: 9 }), {
      signal: abort.signal,
      progress: () => undefined,
    });
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
    // Slower than float: then the model is best as it is, unless size counts.
    const slow = [{ ...quality, latencyRatio: 1.1, keeps: true }];
    expect(bestTrial(slow, 'latency')).toBeUndefined();
    expect(bestTrial(slow, 'size')).toBe(slow[0]);
  });
});
