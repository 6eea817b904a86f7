import { describe, expect, it } from 'vitest';
import { isSettled, timeSessions, warmUp, type TimingHost } from '../../../../main/engine/runtime/timing.ts';

/** A world in which each run takes the next of the given times (the last one from then on); remembers the order of runs. */
function world(timesMs: readonly number[]): TimingHost & { readonly order: number[] } {
  let clock = 0;
  const order: number[] = [];
  return {
    order,
    now: () => clock,
    residentBytes: () => 1000 + order.length,
    progress: () => undefined,
    run: async (session) => {
      clock += timesMs[Math.min(order.length, timesMs.length - 1)]!;
      order.push(session);
    },
  };
}

describe('warmUp', () => {
  it('ends when five runs have the same median as the five before', async () => {
    const host = world([90, 40, 20, 11, 10, 10, 10, 10, 10]);
    // after 12 runs the medians of 3…7 (20 11 10 10 10) and 8…12 are both 10; after 11 the first is still 11
    expect(await warmUp(host, 0, null)).toEqual({ runs: 12, stable: true });
  });

  it('gives up after three seconds and says so', async () => {
    const growing = Array.from({ length: 500 }, (_, index) => 100 * 1.1 ** index);
    const { runs, stable } = await warmUp(world(growing), 0, null);
    expect(stable).toBe(false);
    expect(runs).toBe(15); // 100 · (1.1^15 − 1) / 0.1 = 3177 ms is the first sum above 3000
  });

  it('does exactly the runs asked for', async () => {
    const host = world([5]);
    expect(await warmUp(host, 0, 3)).toEqual({ runs: 3, stable: true });
    expect(host.order).toHaveLength(3);
    expect(await warmUp(world([5]), 0, 0)).toEqual({ runs: 0, stable: true });
  });
});

describe('timeSessions', () => {
  it('takes turns', async () => {
    const host = world([1]);
    const timings = await timeSessions(host, [7, 8], { warmup: 0, runs: 3 });
    expect(host.order).toEqual([7, 8, 7, 8, 7, 8]);
    expect(timings.map((timing) => timing.timesMs.length)).toEqual([3, 3]);
  });

  it('stops after a hundred runs and half a second', async () => {
    const [quick] = await timeSessions(world([1]), [0], { warmup: 0 });
    expect(quick!.timesMs.length).toBe(500); // 500 · 1 ms = 0.5 s
    const [middle] = await timeSessions(world([10]), [0], { warmup: 0 });
    expect(middle!.timesMs.length).toBe(100);
  });

  it('stops after two seconds and ten runs, and after thirty seconds anyhow', async () => {
    const [slow] = await timeSessions(world([100]), [0], { warmup: 0 });
    expect(slow!.timesMs.length).toBe(20); // 20 · 100 ms = 2 s
    const [slower] = await timeSessions(world([1000]), [0], { warmup: 0 });
    expect(slower!.timesMs.length).toBe(10);
    const [slowest] = await timeSessions(world([12_000]), [0], { warmup: 0 });
    expect(slowest!.timesMs.length).toBe(3);
  });

  it('samples memory at most every 20 ms', async () => {
    const [timing] = await timeSessions(world([8]), [0], { warmup: 0, runs: 10 });
    expect(timing!.memory.map((sample) => sample.ms)).toEqual([8, 32, 56, 80]);
  });
});

describe('blocks', () => {
  /** A world with others in it: they take `othersMs` of the machine in every second pause. */
  function shared(runMs: number, othersMs: number) {
    let clock = 0;
    let blockBegan = 0;
    const blocks: number[] = [];
    const order: string[] = [];
    let pauses = 0;
    const host: TimingHost = {
      now: () => clock,
      residentBytes: () => 1,
      progress: () => undefined,
      run: async () => {
        clock += runMs;
        order.push('run');
      },
      take: async () => {
        if (pauses > 0) blocks.push(clock - blockBegan);
        const disturbed = othersMs > 0 && pauses++ % 2 === 1;
        if (othersMs === 0) pauses++;
        if (disturbed) clock += othersMs;
        order.push(disturbed ? 'others' : 'pause');
        blockBegan = clock;
        return disturbed;
      },
    };
    return { host, blocks, order };
  }

  it('are 200 ms at most, and begin before the first run', async () => {
    const { host, blocks, order } = shared(30, 0);
    await timeSessions(host, [0], { warmup: 0, runs: 14 });
    expect(order[0]).toBe('pause');
    expect(blocks).toEqual([180, 180]); // six runs of 30 ms; a seventh would end at 210
  });

  it('hold one run each where a run takes longer', async () => {
    const { host, blocks } = shared(300, 0);
    await timeSessions(host, [0], { warmup: 0, runs: 3 });
    expect(blocks).toEqual([300, 300]);
  });

  it('count no run before the caches are warm again, and say which', async () => {
    const { host, order } = shared(30, 5000);
    const [timing] = await timeSessions(host, [0], { warmup: 0, runs: 8 });
    // six runs, others, two runs that warm up (60 ms are more than 40), two that count
    expect(order.join(' ')).toBe('pause run run run run run run others run run run run');
    expect([...timing!.timesMs]).toEqual(Array.from({ length: 8 }, () => 30));
    expect(timing!.uncounted).toEqual([6, 7]);
  });

  it('keep the time of others out of the limits and of the memory picture', async () => {
    const { host } = shared(100, 60_000);
    const [timing] = await timeSessions(host, [0], { warmup: 0 });
    expect(timing!.timesMs).toHaveLength(20); // 20 · 100 ms = 2 s
    expect(timing!.memory.at(-1)!.ms).toBe(2000);
  });

  it('let the warm-up begin to settle anew after others had the machine', async () => {
    const { host } = shared(30, 5000);
    // ten equal times are enough; the six before the pause do not count
    expect(await warmUp(host, 0, null)).toMatchObject({ stable: true, runs: 16 });
  });
});

it('needs ten times to call them settled', () => {
  expect(isSettled([1, 1, 1, 1, 1, 1, 1, 1, 1])).toBe(false);
  expect(isSettled([1, 1, 1, 1, 1, 1, 1, 1, 1, 1])).toBe(true);
  expect(isSettled([1, 1, 1, 1, 1, 1.03, 1.03, 1.03, 1.03, 1.03])).toBe(false);
});
