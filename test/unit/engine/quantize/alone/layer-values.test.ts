import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { layerValues } from '../../../../../main/engine/quantize/alone/layer-values.ts';
import { quantizeStatic } from '../../../../../main/engine/quantize/quantize-static.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { quantizeStep, randomBatches, randomFeed } from '../oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 6, 6];

const model = (): Model =>
  graph()
    .input('x', 'float32', ['N', 3, 6, 6])
    .initializer('w', 'float32', [2, 3, 1, 1], Float32Array.from([64, -32, 3, 1, 6.4, -5]))
    .node('Conv', ['x', 'w'], {}, ['h'], { name: 'c' })
    .node('Tanh', ['h'], {}, ['y'], { name: 't' })
    .output('y')
    .build({ opset: 17 });

const values = async (layer: string) => {
  const source = model();
  const input = { step: quantizeStep(), calibration: () => randomBatches(DIMS, 4), runner, vnni: true };
  const { model: quantized } = await quantizeStatic(source, input, quietContext());
  const on = { runner, batches: () => randomBatches(DIMS, 4), samples: 8 };
  return layerValues(source, quantized, layer, on, quietContext());
};

it('tells of what a layer takes, its weights and what it gives: extremes, channels, counts and codes', async () => {
  const { tensors, samples } = await values('c');
  expect(samples).toBe(8);
  expect(tensors.map(({ role, name }) => [role, name])).toEqual([
    ['input', 'x'],
    ['weights', 'w'],
    ['output', 'h'],
  ]);
  const [input, weights] = tensors;
  const all = [1, 2, 3, 4].flatMap((seed) => Array.from(randomFeed(DIMS, seed)['x']!.data as Float32Array));
  expect(input!.range).toEqual({ min: Math.min(...all), max: Math.max(...all) });
  expect(input!.channels).toHaveLength(3);
  expect(Math.max(...input!.channels.map(({ max }) => max))).toBe(input!.range.max);
  expect(input!.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
  expect(weights!.channels).toEqual([
    { min: -32, max: 64 },
    { min: -5, max: Math.fround(6.4) },
  ]);
  // 7-bit weights: 64 codes on each side.
  expect(weights!.codes!.scales.map((scale) => Number(scale.toFixed(6)))).toEqual([1, 0.1]);
});

it('has nothing to show of a layer that stays float', async () => {
  expect((await values('t')).tensors).toEqual([]);
});
