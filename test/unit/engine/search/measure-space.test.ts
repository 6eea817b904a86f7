import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { int8Static } from '../../../../main/contract/recipe/quantize-static.ts';
import { measureSpace } from '../../../../main/engine/search/measure-space.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { randomBatches } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const step = int8Static.parse({ scheme: 'int8-static', calibrator: 'minmax', samples: 8 });
const input = { step, calibration: () => randomBatches([2, 3, 8, 8], 4), vnni: true, minimize: 'latency' } as const;

it('a space tells of each group of layers its names, times, bytes and loss', async () => {
  const model = graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'c1', channels: 8 })
    .relu({ name: 'r1', to: 'skip' })
    .conv({ name: 'c2', channels: 8, inputs: 8 })
    .addTo('skip', { name: 'add' })
    .conv({ name: 'c3', channels: 4, inputs: 8, to: 'y' })
    .output('y', 'float32', ['N', 4, 8, 8])
    .build({ opset: 17 });
  const space = (await measureSpace(model, { ...input, runner }, quietContext()))!;
  expect(space.groups.map(({ layers }) => layers)).toEqual([['c1'], ['c2', 'add'], ['c3']]);
  // 8 × 3, 8 × 8 and 4 × 8 kernels of 3 × 3 floats.
  expect(space.groups.map(({ floatBytes }) => floatBytes)).toEqual([864, 2304, 1152]);
  for (const { loss, floatMs, integerMs } of space.groups) {
    expect(loss).toBeGreaterThan(0);
    expect(Math.min(floatMs, integerMs)).toBeGreaterThan(0);
  }
  // Roundings add up: the sum is the whole's, within a factor of a few.
  const sum = space.groups.reduce((total, { loss }) => total + loss, 0);
  expect(sum / space.allLoss).toBeGreaterThan(0.5);
  expect(sum / space.allLoss).toBeLessThan(5);
  expect(space.groups.map(({ wideLoss }) => wideLoss)).toEqual([null, null, null]);
  // x and y are float outside; skip is taken by two groups.
  expect(space.values.filter(({ madeBy }) => madeBy === null)).toHaveLength(1);
  expect(space.values.find(({ takenBy }) => takenBy.length > 1)?.madeBy ?? 0).toBe(0);
});

it('a search for size measures 16-bit activations, of which the weights remain as the error', async () => {
  const model = graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'c1', channels: 8 })
    .conv({ name: 'c2', channels: 8, inputs: 8 })
    .conv({ name: 'c3', channels: 4, inputs: 8, to: 'y' })
    .output('y', 'float32', ['N', 4, 8, 8])
    .build({ opset: 17 });
  const space = (await measureSpace(model, { ...input, minimize: 'size', runner }, quietContext()))!;
  for (const { loss, wideLoss } of space.groups) {
    expect(wideLoss!).toBeGreaterThan(0);
    expect(wideLoss!).toBeLessThan(loss);
  }
  // The first takes the model's input, which has 8 bits either way; behind it nothing but weights is rounded.
  expect(space.groups[1]!.wideLoss! / space.groups[1]!.loss).toBeLessThan(0.8);
});

it('there is none where no layer can run in int8', async () => {
  const model = graph().input('x', 'float32', ['N', 3, 8, 8]).node('Tanh', ['x'], {}, ['y']).output('y').build();
  expect(await measureSpace(model, { ...input, runner }, quietContext())).toBeUndefined();
});
