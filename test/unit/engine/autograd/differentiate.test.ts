import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differentiate } from '../../../../main/engine/autograd/differentiate.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';
import { derivatives } from '../../../support/gradient-check.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const floats = (...values: number[]): HostTensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: Float32Array.from(values),
});

/** Ends a chain in its sum, as the value `loss`. */
const summed = (chain: GraphBuilder): GraphBuilder =>
  chain.node('ReduceSum', [chain.current], { keepdims: 0n }, ['loss']).output('loss', 'float32', []);

const valuesOf = (tensor: HostTensor | undefined): number[] => Array.from(tensor!.data as Float32Array);

describe('reverse accumulation', () => {
  it('adds up what arrives at a value that is used more than once', async () => {
    // x·x·x + x: 3x² + 1
    const model = summed(
      graph()
        .input('x', 'float32', ['N'])
        .node('Mul', ['x', 'x'])
        .node('Mul', ['mul_0', 'x'])
        .node('Add', ['mul_1', 'x']),
    ).build();
    const { x } = await derivatives(runner, model, { feeds: { x: floats(2, -1) }, by: ['x'] });
    expect(valuesOf(x)).toEqual([13, 4]);
  });

  it('derives by values in between too, and leaves out what the loss does not depend on', () => {
    const model = summed(
      graph()
        .input('x', 'float32', ['N'])
        .input('other', 'float32', ['N'])
        .node('Exp', ['x'], {}, ['between'])
        .node('Mul', ['between', 'x']),
    ).build();
    const { gradients } = differentiate(model, { of: 'loss', by: ['between', 'other'] });
    expect([...gradients.keys()]).toEqual(['between']);
  });

  it('lets no gradient through integers', () => {
    const model = summed(
      graph().input('x', 'float32', ['N']).node('Shape', ['x']).node('Cast', ['shape_0'], { to: 1n }),
    ).build();
    expect(() => differentiate(model, { of: 'loss', by: ['x'] })).toThrow(/No gradient of 'loss' reaches/);
  });
});

describe('what has no gradient', () => {
  const blocked = summed(
    graph()
      .input('x', 'float32', ['N', 4])
      .weights('w', [4])
      .node('NonesuchNorm', ['x'], {}, ['odd'], { name: '/block/odd', domain: 'somebody' })
      .node('Mul', ['odd', 'w']),
  ).build({ domains: { somebody: 1 } });

  it('is an output that the rule of its operator leaves out', () => {
    const layer = (statistics: boolean) =>
      graph()
        .input('x', 'float32', ['N', 4])
        .weights('w', [4])
        .node('LayerNormalization', ['x', 'w'], {}, ['y', 'mean'], { name: 'norm' })
        .node('Add', ['y', statistics ? 'mean' : 'y'], {}, ['sum']);
    expect(() => differentiate(summed(layer(true)).build(), { of: 'loss', by: ['x'] })).toThrow(
      /norm \(what arrives at its output 1 has no backward form here\)/,
    );
    expect(differentiate(summed(layer(false)).build(), { of: 'loss', by: ['x'] }).blocked).toEqual([]);
  });

  it('is named with its layer', () => {
    expect(() => differentiate(blocked, { of: 'loss', by: ['x', 'w'] })).toThrow(
      'No gradient passes /block/odd (no gradient is known for NonesuchNorm)',
    );
  });

  it('is passed over when asked, and what can be reached is derived by', () => {
    const { gradients, blocked: layers } = differentiate(blocked, { of: 'loss', by: ['x', 'w'], passOver: true });
    expect([...gradients.keys()]).toEqual(['w']);
    expect(layers).toEqual([
      { layer: '/block/odd', operator: 'NonesuchNorm', reason: 'no gradient is known for NonesuchNorm' },
    ]);
  });

  it('does not matter where only what lies behind it is asked for', () => {
    expect([...differentiate(blocked, { of: 'loss', by: ['w'] }).gradients.keys()]).toEqual(['w']);
  });

  it('is an error with the reason where it cuts off all of them', () => {
    const steps = summed(
      graph().input('x', 'float32', ['N']).node('Floor', ['x'], {}, ['y'], { name: 'steps' }),
    ).build();
    expect(() => differentiate(steps, { of: 'loss', by: ['x'] })).toThrow('steps: Floor is flat almost everywhere');
  });
});

describe('quantization', () => {
  const pair = (values: readonly number[], scale: number, zero: number) => {
    const chain = graph()
      .input('x', 'float32', ['N'])
      .input('s', 'float32', [])
      .initializer('z', 'uint8', [], [zero])
      .node('QuantizeLinear', ['x', 's', 'z'])
      .node('DequantizeLinear', ['quantizelinear_0', 's', 'z']);
    const s: HostTensor = { dtype: 'float32', dims: [], data: Float32Array.of(scale) };
    return derivatives(runner, summed(chain).build(), { feeds: { x: floats(...values), s }, by: ['x', 's'] });
  };

  it('is passed straight within the range of the codes, and not at all beyond', async () => {
    // steps of 0.5 around 10: codes 0…255 are −5 … 122.5
    const { x } = await pair([-5.3, -5.2, 0, 122.7, 122.8], 0.5, 10);
    expect(valuesOf(x)).toEqual([0, 1, 1, 1, 0]);
  });

  it('gives the scale what rounding does by step, and the limit beyond (LSQ)', async () => {
    // 0.6/0.5 = 1.2 → 1: −0.2; 0.9/0.5 = 1.8 → 2: 0.2; −9 → code 0: −10; 200 → code 255: 245
    const near = async (value: number, expected: number): Promise<void> => {
      const { s } = await pair([value], 0.5, 10);
      expect(valuesOf(s)[0]).toBeCloseTo(expected, 4);
    };
    await near(0.6, -0.2);
    await near(0.9, 0.2);
    await near(-9, -10);
    await near(200, 245);
  });

  it('has a gradient for each scale of channels', async () => {
    const chain = graph()
      .input('x', 'float32', [2, 2])
      .input('s', 'float32', [2])
      .initializer('z', 'int8', [2], [0, 0])
      .node('QuantizeLinear', ['x', 's', 'z'], { axis: 0n })
      .node('DequantizeLinear', ['quantizelinear_0', 's', 'z'], { axis: 0n });
    const feeds = {
      x: { dtype: 'float32', dims: [2, 2], data: Float32Array.of(0.6, 0.9, 3, 500) },
      s: floats(0.5, 2),
    } as const;
    const found = await derivatives(runner, summed(chain).build(), { feeds, by: ['x', 's'] });
    expect(valuesOf(found['x'])).toEqual([1, 1, 1, 0]);
    // −0.2 + 0.2; 3/2 = 1.5 → 2: 0.5, and 127
    expect(valuesOf(found['s'])[0]).toBeCloseTo(0, 5);
    expect(valuesOf(found['s'])[1]).toBeCloseTo(127.5, 4);
  });
});
