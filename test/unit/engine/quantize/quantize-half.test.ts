import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { HalfStep } from '../../../../main/contract/recipe/quantize-half.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { toHalf } from '../../../../main/engine/quantize/half-graph.ts';
import { quantizeHalf } from '../../../../main/engine/quantize/quantize-half.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { smallCnn } from '../../../support/sample-graphs.ts';
import { largestDifference, outputsOf, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function quantize(model: Model, feeds: HostTensors, exclude: string[] = []) {
  const step = quantizeStepSchema.parse({ scheme: 'float16', exclude }) as HalfStep;
  return quantizeHalf(model, { step, runner, sampleFeeds: () => Promise.resolve(feeds) }, quietContext());
}

const halves = (model: Model): number => model.graph.initializers.filter(({ dtype }) => dtype === 'float16').length;

describe('half precision', () => {
  it('keeps weights within what it holds, and none from vanishing', () => {
    const { values, clamped } = toHalf(Float32Array.of(1, 1e6, -1e6, 1e-9, -1e-9, 0, -Infinity));
    expect([...values]).toEqual([1, 65504, -65504, 2 ** -24, -(2 ** -24), 0, -Infinity]);
    expect(clamped).toBe(2);
  });

  it('computes a network with inputs and outputs in float32', async () => {
    const float = smallCnn();
    const feeds = randomFeed([1, 3, 8, 8]);
    const { model, layers } = await quantize(float, feeds);
    expect(halves(model)).toBeGreaterThan(0);
    expect(layers.every(({ quantized }) => quantized)).toBe(true);
    const [expected, got] = [await outputsOf(runner, float, feeds), await outputsOf(runner, model, feeds)];
    for (const [name, values] of Object.entries(expected)) {
      const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(largestDifference(got[name]!, values) / most).toBeLessThan(0.01);
    }
  });

  it('takes a model of opset 9 whose weights are inputs as well', async () => {
    const old = graph()
      .input('x', 'float32', [1, 3, 8, 8])
      .input('w', 'float32', [4, 3, 3, 3])
      .weights('w', [4, 3, 3, 3])
      .node('Conv', ['x', 'w'], {}, ['c'], { name: 'conv' })
      .node('Slice', ['c'], { axes: [1n], starts: [0n], ends: [2n] }, ['y'], { name: 'slice' })
      .output('y', 'float32', [1, 2, 6, 6])
      .build({ opset: 9 });
    const float = { ...old, irVersion: 3 };
    const feeds = randomFeed([1, 3, 8, 8]);
    const { model } = await quantize(float, feeds);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(halves(model)).toBe(1);
    const [expected, got] = [await outputsOf(runner, float, feeds), await outputsOf(runner, model, feeds)];
    expect(largestDifference(got['y']!, expected['y']!)).toBeLessThan(0.01);
  });

  it('goes around an operator that the runtime dies of', async () => {
    const path = new URL('../../../../resources/samples/glyph-gru.onnx', import.meta.url).pathname;
    const { model: float } = await openModel(path);
    const feeds = { image: randomFeed([2, 1, 32, 32])['x']! };
    const { model, layers } = await quantize(float, feeds);
    expect(runner.alive).toBe(true);
    expect(layers.filter(({ op }) => op === 'GRU').every(({ quantized }) => quantized)).toBe(true);
    const [expected, got] = [await outputsOf(runner, float, feeds), await outputsOf(runner, model, feeds)];
    const most = expected['logits']!.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largestDifference(got['logits']!, expected['logits']!) / most).toBeLessThan(0.01);
  });

  it('keeps in float32 what the recipe leaves out, what overflows, and what takes float32 alone', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 4, 4])
      .initializer('big', 'float32', [], [1e6])
      .initializer('small', 'float32', [], [1e-6])
      .initializer('scales', 'float32', [4], [1, 1, 2, 2])
      .node('Mul', ['x', 'big'], {}, ['huge'], { name: 'overflows' })
      .node('Mul', ['huge', 'small'], {}, ['back'], { name: 'reads' })
      .node('Resize', ['back', '', 'scales'], {}, ['wide'], { name: 'resize' })
      .node('Add', ['wide', 'wide'], {}, ['twice'], { name: 'add' })
      .node('Neg', ['twice'], {}, ['y'], { name: 'left' })
      .output('y', 'float32', [1, 2, 8, 8])
      .build({ opset: 17 });
    const feeds = randomFeed([1, 2, 4, 4]);
    const { model: made, layers } = await quantize(model, feeds, ['left']);
    const reasons = new Map(layers.map(({ name, quantized, reason }) => [name, quantized ? 'half' : reason]));
    expect(reasons.get('left')).toBe('left out by the recipe');
    expect(reasons.get('overflows')).toMatch(/'huge' reaches .* more than half precision holds/u);
    expect(reasons.get('reads')).toMatch(/'huge' reaches/u);
    expect(reasons.get('add')).toBe('half');
    const [expected, got] = [await outputsOf(runner, model, feeds), await outputsOf(runner, made, feeds)];
    expect(largestDifference(got['y']!, expected['y']!)).toBeLessThan(0.005);
  });
});
