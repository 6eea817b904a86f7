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
});
