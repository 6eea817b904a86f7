import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TIMING, WidthClock } from '../../../../../main/engine/prune/structure/time-widths.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const net = graph().input('x', 'float32', [1, 4]).gemm({ inputs: 4, outputs: 4, name: 'a' });
const model = net.output(net.current, 'float32', [1, 4]).build();

/** A runner whose clock shows these times of the whole model and of the cut one, series after series. */
function withTimes(series: readonly (readonly [readonly number[], readonly number[]])[]): {
  readonly on: Runner;
  readonly timed: () => number;
} {
  let count = 0;
  const timeInterleaved = (): Promise<unknown> => {
    const both = series[Math.min(count++, series.length - 1)]!;
    return Promise.resolve(both.map((times) => ({ timesMs: Float64Array.from(times) })));
  };
  const on = new Proxy(runner, {
    get: (target, key) => {
      if (key === 'timeInterleaved') return timeInterleaved;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { on, timed: () => count };
}

const ratioOf = async (on: Runner) => {
  const clock = await WidthClock.start(model, on, TIMING, new AbortController().signal);
  const found = await clock.ratio(model);
  await clock.close();
  return found;
};

/** What several cuts after one another come to. */
const ratiosOf = async (on: Runner, count: number) => {
  const clock = await WidthClock.start(model, on, TIMING, new AbortController().signal);
  const found = [];
  for (let cut = 0; cut < count; cut++) found.push(await clock.ratio(model));
  await clock.close();
  return found.map(({ fullMs, ratio }) => [fullMs, ratio.value]);
};

const steady = (ms: number): readonly number[] => Array.from({ length: 60 }, () => ms);
/** Other work comes in for half of the time. */
const held = (ms: number, by: number): readonly number[] => steady(ms).map((one, at) => (at < 30 ? by * one : one));

describe('the ratio of two models', () => {
  it('is taken as it is where the machine is quiet', async () => {
    const { on, timed } = withTimes([[steady(2), steady(1)]]);
    expect(await ratioOf(on)).toEqual({ fullMs: 2, ratio: { value: 0.5, low: 0.5, high: 0.5 } });
    expect(timed()).toBe(1);
  });

  it('is timed longer where the machine does much else', async () => {
    const { on, timed } = withTimes([
      [held(2, 3), steady(1)],
      [steady(2), steady(1)],
    ]);
    const { ratio } = await ratioOf(on);
    expect(timed()).toBe(5);
    // Half of 60 of 300 rounds were held up.
    expect(ratio.value).toBeGreaterThan(0.4);
    expect(ratio.high! / ratio.low!).toBeGreaterThan(1);
  });

  it('is timed again where both take longer than before', async () => {
    const { on, timed } = withTimes([
      [steady(2), steady(1)],
      [steady(3), steady(2.4)],
      [steady(2), steady(1.5)],
    ]);
    expect(await ratiosOf(on, 2)).toEqual([
      [2, 0.5],
      [2, 0.75],
    ]);
    expect(timed()).toBe(3);
  });

  it('is taken as it is once the machine stays slower', async () => {
    const { on, timed } = withTimes([
      [steady(2), steady(1)],
      [steady(3), steady(2.4)],
    ]);
    const ratios = await ratiosOf(on, 3);
    expect(ratios).toEqual([
      [2, 0.5],
      [3, expect.closeTo(0.8)],
      [3, expect.closeTo(0.8)],
    ]);
    expect(timed()).toBe(1 + 5 + 1);
  });
});
