import { describe, expect, it } from 'vitest';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import { spreadSamples } from '../../../../main/engine/dataset/spread-samples.ts';

/** Samples 0, 1, 2 … in batches of three, each with two values: its number, and that plus a half. */
async function* numbered(samples: number): FeedBatches {
  await Promise.resolve();
  for (let at = 0; at < samples; at += 3) {
    const count = Math.min(3, samples - at);
    const data = Float32Array.from({ length: 2 * count }, (_, i) => at + Math.floor(i / 2) + (i % 2) / 2);
    yield { x: { dtype: 'float32', dims: [count, 2], data } };
  }
}

async function taken(batches: FeedBatches): Promise<number[][]> {
  const all: number[][] = [];
  for await (const { x } of batches) all.push([...(x!.data as Float32Array)].filter((_, at) => at % 2 === 0));
  return all;
}

describe('spreadSamples', () => {
  it('takes as many as asked for, evenly over all', async () => {
    expect(await taken(spreadSamples(numbered(10), { total: 10, count: 5 }))).toEqual([[1], [3, 5], [7], [9]]);
    expect((await taken(spreadSamples(numbered(10), { total: 10, count: 3 }))).flat()).toHaveLength(3);
  });

  it('takes the rows of each sample together', async () => {
    for await (const { x } of spreadSamples(numbered(4), { total: 4, count: 2 })) {
      expect(x!.dims[1]).toBe(2);
      const [first, half] = x!.data as Float32Array;
      expect(half).toBe(first! + 0.5);
    }
  });

  it('takes everything where there is no more, and whole batches where they cannot be made smaller', async () => {
    expect((await taken(spreadSamples(numbered(4), { total: 4, count: 9 }))).flat()).toEqual([0, 1, 2, 3]);
    const whole = await taken(spreadSamples(numbered(12), { total: 12, count: 6 }, { whole: true }));
    expect(whole).toEqual([
      [0, 1, 2],
      [6, 7, 8],
    ]);
  });
});
