import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { calibrate } from '../../../../main/engine/quantize/calibrate.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { outputsOf, randomBatches, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 8, 8];
const model = graph()
  .input('x', 'float32', ['N', 3, 8, 8])
  .conv({ name: 'c', channels: 40, to: 'wide' })
  .relu({ name: 'r', to: 'positive' })
  .output('positive', 'float32', ['N', 40, 8, 8])
  .build({ opset: 17 });

it('finds in one pass what all observers need, whatever the sizes', async () => {
  const tensors = ['x', 'wide', 'positive'];
  const run = { runner, batches: randomBatches(DIMS, 7), samples: 14 };
  const { statistics, samples } = await calibrate(model, tensors, run, quietContext());
  expect(samples).toBe(14);
  let average: { min: number; max: number } | undefined;
  let least = Infinity;
  let greatest = -Infinity;
  for (let seed = 1; seed <= 7; seed++) {
    const values = (await outputsOf(runner, model, randomFeed(DIMS, seed)))['positive']!;
    const max = values.reduce((a, b) => Math.max(a, b));
    const min = values.reduce((a, b) => Math.min(a, b));
    [least, greatest] = [Math.min(least, min), Math.max(greatest, max)];
    average = {
      min: average === undefined ? min : 0.99 * average.min + 0.01 * min,
      max: average === undefined ? max : 0.99 * average.max + 0.01 * max,
    };
  }
  const positive = statistics.get('positive')!;
  expect(positive.range.min).toBeCloseTo(least, 5);
  expect(positive.range.max).toBeCloseTo(greatest, 5);
  expect(positive.average.max).toBeCloseTo(average!.max, 5);
  // Images of 8 × 8: 2 × 2 pixels of them.
  expect(positive.histogram.total).toBe(7 * 2 * 40 * 4);
  expect(positive.histogram.counts[-positive.histogram.first]).toBeGreaterThan(positive.histogram.total / 4);
  // Small tensors are counted whole.
  expect(statistics.get('x')!.histogram.total).toBe(7 * 2 * 3 * 64);
});
