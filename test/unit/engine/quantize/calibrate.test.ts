import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { calibrate } from '../../../../main/engine/quantize/calibrate.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { tapModel } from '../../../../main/engine/runtime/taps.ts';
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

it('keeps tensors apart that one node brings out together: images of one size, least and greatest values of one rank', async () => {
  const deep = graph()
    .input('x', 'float32', ['N', 3, 16, 16])
    .conv({ name: 'a', channels: 32, to: 'signed' })
    .relu({ name: 'ra', to: 'first' })
    .conv({ name: 'b', channels: 48, to: 'also signed' })
    .relu({ name: 'rb', to: 'second' })
    .conv({ name: 'c', channels: 20, to: 'third' })
    .output('third', 'float32', ['N', 20, 16, 16])
    .build({ opset: 17 });
  const tensors = ['second', 'signed', 'first', 'also signed', 'third'];
  const dims = [3, 3, 16, 16];
  const run = { runner, batches: randomBatches(dims, 2), samples: 6 };
  const { statistics } = await calibrate(deep, tensors, run, quietContext());
  const met = await Promise.all(
    [1, 2].map((seed) => outputsOf(runner, tapModel(deep, tensors), randomFeed(dims, seed))),
  );
  for (const name of tensors) {
    const { range, histogram } = statistics.get(name)!;
    const all = met.flatMap((outputs) => [...outputs[name]!]);
    expect({ name, min: range.min.toFixed(4), max: range.max.toFixed(4) }).toEqual({
      name,
      min: Math.min(...all).toFixed(4),
      max: Math.max(...all).toFixed(4),
    });
    // Every 4th pixel of every 4th row.
    const some = all.filter((_, at) => at % 4 === 0 && Math.floor(at / 16) % 4 === 0);
    expect(histogram.total).toBe(some.length);
    const sum = histogram.counts.reduce((total, count, bin) => total + count * (histogram.first + bin - 0.5), 0);
    const mean = some.reduce((total, value) => total + value, 0) / some.length;
    // Half a bin: the zeros behind a Relu lie at the edge of theirs.
    expect(Math.abs((sum / some.length) * histogram.width - mean)).toBeLessThan(histogram.width);
  }
});
