import { expect, test } from 'vitest';
import type { Job } from '../../../main/contract/studio.ts';
import { StudioError } from '../../../main/base/errors.ts';
import { JobQueue } from '../../../main/jobs/job-queue.ts';

const description = { kind: 'profile' as const, title: 'Measure', modelId: null, trialId: null };

function recordedQueue(now?: () => number) {
  const seen: Job[] = [];
  const queue = new JobQueue((job) => seen.push(job), now);
  return { queue, seen };
}

test('runs jobs one after the other, in the order they were asked for', async () => {
  const { queue } = recordedQueue();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue.add(description, async () => {
    await gate.promise;
    order.push('first');
  });
  const second = queue.add(description, async () => {
    order.push('second');
  });
  await Promise.resolve();
  expect(queue.list().map((job) => job.status)).toEqual(['running', 'queued']);
  gate.resolve();
  await Promise.all([first.result, second.result]);
  expect(order).toEqual(['first', 'second']);
  expect(queue.list().map((job) => job.status)).toEqual(['done', 'done']);
});

test('a cancelled running job rejects with CANCELLED, whatever error the stop caused, and the next one runs', async () => {
  const { queue, seen } = recordedQueue();
  const job = queue.add(description, ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(new Error('the pipe broke')));
    return promise;
  });
  const next = queue.add(description, async () => 7);
  await Promise.resolve();
  queue.cancel(job.id);
  await expect(job.result).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(next.result).resolves.toBe(7);
  expect(seen.findLast(({ id }) => id === job.id)).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
});

test('a cancelled waiting job never starts', async () => {
  const { queue } = recordedQueue();
  const gate = Promise.withResolvers<void>();
  const first = queue.add(description, () => gate.promise);
  let started = false;
  const second = queue.add(description, async () => {
    started = true;
  });
  queue.cancel(second.id);
  await expect(second.result).rejects.toMatchObject({ code: 'CANCELLED' });
  gate.resolve();
  await first.result;
  expect(started).toBe(false);
});

test('a failed job tells its error and leaves the queue working', async () => {
  const { queue } = recordedQueue();
  const failing = queue.add(description, () =>
    Promise.reject(new StudioError('DATA_SHAPE', 'got 3 channels, expected 1', { hint: 'Convert to gray.' })),
  );
  await expect(failing.result).rejects.toThrow('got 3 channels');
  expect(queue.list()[0]).toMatchObject({
    status: 'failed',
    error: { code: 'DATA_SHAPE', message: 'got 3 channels, expected 1', hint: 'Convert to gray.' },
  });
  await expect(queue.add(description, async () => 'next').result).resolves.toBe('next');
});

test('estimates the time left from the pace of the stage', async () => {
  let now = 0;
  const { queue, seen } = recordedQueue(() => now);
  const job = queue.add(description, async ({ progress }) => {
    progress({ stage: 'Timing', done: 0, total: 100 });
    now = 1000;
    progress({ stage: 'Timing', done: 25, total: 100 });
  });
  await job.result;
  // 25 in 1 s: the other 75 take 3 s.
  expect(seen.find(({ done }) => done === 25)).toMatchObject({ stage: 'Timing', total: 100, etaMs: 3000 });
});

test('tells progress within a stage at most every 80 ms, and every new stage', async () => {
  let now = 0;
  const { queue, seen } = recordedQueue(() => now);
  const job = queue.add(description, async ({ progress }) => {
    for (now = 0; now < 800; now += 8) progress({ stage: 'Reading', done: now, total: 800 });
    progress({ stage: 'Writing', done: 0, total: 1 });
  });
  await job.result;
  expect(seen.filter(({ stage, status }) => stage === 'Reading' && status === 'running')).toHaveLength(10);
  expect(seen.some(({ stage }) => stage === 'Writing')).toBe(true);
});

test('a long job gives way to those that wait, and goes on behind them', async () => {
  const { queue, seen } = recordedQueue();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const long = queue.add(description, async ({ giveWay }) => {
    order.push('long 1');
    await gate.promise;
    await giveWay();
    order.push('long 2');
    await giveWay();
    order.push('long 3');
  });
  const short = queue.add(description, async () => {
    order.push('short');
  });
  await Promise.resolve();
  gate.resolve();
  await Promise.all([long.result, short.result]);
  expect(order).toEqual(['long 1', 'short', 'long 2', 'long 3']);
  const states = seen.filter(({ id }) => id === long.id).map(({ status }) => status);
  expect(states).toEqual(['queued', 'running', 'queued', 'running', 'done']);
});

test('a job that stands still is cancelled at once, and the one that runs stays alone', async () => {
  const { queue } = recordedQueue();
  const [gate, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const long = queue.add(description, async ({ giveWay }) => {
    await gate.promise;
    await giveWay();
    throw new Error('it went on');
  });
  const short = queue.add(description, () => end.promise);
  await Promise.resolve();
  gate.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  let third = false;
  const last = queue.add(description, async () => {
    third = true;
  });
  queue.cancel(long.id);
  await expect(long.result).rejects.toMatchObject({ code: 'CANCELLED' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(queue.list().map(({ status }) => status)).toEqual(['cancelled', 'running', 'queued']);
  expect(third).toBe(false);
  end.resolve();
  await Promise.all([short.result, last.result]);
  expect(third).toBe(true);
});
