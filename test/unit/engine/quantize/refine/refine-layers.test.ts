import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { Int8StaticStep } from '../../../../../main/contract/recipe/quantize-static.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { quantizeStatic } from '../../../../../main/engine/quantize/quantize-static.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { outputsOf, quantizeStep } from '../oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Images whose neighbours hang together, as those of real ones do: rounding errors of independent data cannot cancel. */
function images(count: number, seed: number): HostTensors {
  const random = seededRandom(seed);
  const data = new Float32Array(count * 3 * 64);
  for (let image = 0; image < count * 3; image++) {
    const [level, right, down] = [random() * 2 - 1, random() - 0.5, random() - 0.5];
    for (let at = 0; at < 64; at++) {
      data[image * 64 + at] = level + (right * (at % 8)) / 4 + (down * Math.floor(at / 8)) / 4 + 0.1 * (random() - 0.5);
    }
  }
  return { x: { dtype: 'float32', dims: [count, 3, 8, 8], data } };
}

async function* calibration(): AsyncGenerator<HostTensors> {
  for (let seed = 1; seed <= 8; seed++) yield images(8, seed);
}

/** Convolutions in all forms that the integer kernels take, one without a bias, behind a residual sum, and a classifier. */
const network = (): Model =>
  graph('network', 3)
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'stem', channels: 8, to: 's' })
    .relu({ to: 'r' })
    .conv({ name: 'deep', channels: 8, group: 8, to: 'd' })
    .conv({ name: 'point', channels: 8, kernel: 1, bias: false, to: 'p' })
    .addTo('r', { to: 'sum' })
    .globalAveragePool({ to: 'g' })
    .flatten({ to: 'f' })
    .gemm({ name: 'head', inputs: 8, outputs: 4, to: 'y' })
    .output('y')
    .output('sum')
    .build();

function quantize(model: Model, step: Partial<Int8StaticStep>) {
  const input = { step: quantizeStep({ samples: 64, ...step }), calibration, runner };
  return quantizeStatic(model, { ...input, vnni: false }, quietContext());
}

/** Of the feature map on samples that nothing was fitted to. */
async function errorOf(model: Model, quantized: Model): Promise<number> {
  const feeds = images(64, 99);
  const [a, b] = [await outputsOf(runner, model, feeds), await outputsOf(runner, quantized, feeds)];
  return a['sum']!.reduce((sum, value, at) => sum + (value - b['sum']![at]!) ** 2, 0);
}

/** The mean of what each output is off by. */
async function meanOff(model: Model, quantized: Model): Promise<number> {
  const feeds = images(64, 99);
  const [a, b] = [await outputsOf(runner, model, feeds), await outputsOf(runner, quantized, feeds)];
  const off = [0, 0, 0, 0];
  a['y']!.forEach((value, at) => (off[at % 4] = off[at % 4]! + (b['y']![at]! - value) / 64));
  return Math.max(...off.map(Math.abs));
}

describe('weights of 4 bits', () => {
  it('lose less by learnt rounding than to the nearest, and still run as integer kernels', async () => {
    const model = network();
    const nearest = await quantize(model, { weightBits: 4 });
    const learnt = await quantize(model, { weightBits: 4, rounding: 'adaround' });
    expect(learnt.fusedShare).toBe(1);
    expect(await errorOf(model, learnt.model)).toBeLessThan(0.6 * (await errorOf(model, nearest.model)));
    const told = learnt.layers.flatMap(({ refined }) => refined?.rounding ?? []);
    expect(told).toHaveLength(4);
    for (const { before, after } of told) expect(after).toBeLessThanOrEqual(before);
    expect(learnt.notes.at(-1)).toMatch(/^The rounding of 4 layers was learnt/);
  });

  it('lose less when they are rounded in turn, with scales and biases, and still run as integer kernels', async () => {
    const model = network();
    const nearest = await quantize(model, { weightBits: 4 });
    const turned = await quantize(model, { weightBits: 4, rounding: 'gptq' });
    expect(turned.fusedShare).toBe(1);
    expect(await errorOf(model, turned.model)).toBeLessThan(0.5 * (await errorOf(model, nearest.model)));
    const told = turned.layers.flatMap(({ refined }) => refined?.rounding ?? []);
    expect(told).toHaveLength(4);
    for (const { before, after } of told) expect(after).toBeLessThan(before);
    // The same twice, and biases that follow from the means are not corrected by means once more.
    const again = await quantize(model, { weightBits: 4, rounding: 'gptq', biasCorrection: 'fast' });
    expect(await errorOf(turned.model, again.model)).toBe(0);
  });

  it('keep their one scale where they are rounded in turn for each tensor', async () => {
    const model = network();
    const nearest = await quantize(model, { weightBits: 4, perChannel: false });
    const turned = await quantize(model, { weightBits: 4, perChannel: false, rounding: 'gptq' });
    expect(turned.fusedShare).toBe(1);
    expect(await errorOf(model, turned.model)).toBeLessThan(0.5 * (await errorOf(model, nearest.model)));
  });

  it('lose less when blocks are learnt together, activations and biases too, and still run as integer kernels', async () => {
    const model = network();
    const nearest = await quantize(model, { weightBits: 4 });
    const learnt = await quantize(model, { weightBits: 4, rounding: 'blocks' });
    expect(learnt.fusedShare).toBe(1);
    expect(await errorOf(model, learnt.model)).toBeLessThan(0.5 * (await errorOf(model, nearest.model)));
    const told = learnt.layers.flatMap(({ refined }) => refined?.rounding ?? []);
    expect(told).toHaveLength(4);
    for (const { before, after } of told) expect(after).toBeLessThanOrEqual(before);
    // The same twice.
    const again = await quantize(model, { weightBits: 4, rounding: 'blocks' });
    expect(await errorOf(learnt.model, again.model)).toBe(0);
  });

  it.each(['adaround', 'gptq'] as const)('have codes from −7 to 7 (%s)', async (rounding) => {
    const { model } = await quantize(network(), { weightBits: 4, rounding });
    const codes = model.graph.initializers.filter(({ dtype, dims }) => dtype === 'int8' && dims.length > 1);
    expect(codes.length).toBe(4);
    for (const { storage } of codes) {
      const values = storage.kind === 'raw' ? new Int8Array(storage.bytes) : new Int8Array();
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(7);
    }
  });
});

describe('corrected biases', () => {
  it.each([
    ['fast', 0.95],
    ['empirical', 0.5],
  ] as const)('take up what the outputs are off by on average (%s)', async (biasCorrection, share) => {
    const model = network();
    const [plain, corrected] = [
      await quantize(model, { weightBits: 4 }),
      await quantize(model, { weightBits: 4, biasCorrection }),
    ];
    expect(await meanOff(model, corrected.model)).toBeLessThan(share * (await meanOff(model, plain.model)));
    expect(corrected.layers.find(({ name }) => name === 'head')!.refined!.biasShift).toBeGreaterThan(0);
    expect(corrected.layers.find(({ name }) => name === 'point')!.refined!.biasShift).toBeGreaterThan(0);
    expect(corrected.fusedShare).toBe(1);
  });

  it('are those of the float layer where weights are exact', async () => {
    // Weights of 1 and 0.5 and whole data: y = x₁ + x₂/2 + 0.25 is exact in 8 bits, so nothing is to be corrected.
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .gemm({ name: 'one', inputs: 2, outputs: 2, weight: [1, 0.5, 0.5, 1], to: 'y' })
      .output('y')
      .build();
    const whole = async function* () {
      const data = Float32Array.from({ length: 512 }, (_, at) => at % 256);
      yield { x: { dtype: 'float32', dims: [256, 2], data } } as const;
    };
    const step = quantizeStep({ weightBits: 8, reduceRange: true, biasCorrection: 'fast', samples: 256 });
    const { layers } = await quantizeStatic(model, { step, calibration: whole, runner, vnni: false }, quietContext());
    expect(layers[0]!.refined!.biasShift).toBeLessThan(1e-6);
  });
});

it.each(['adaround', 'blocks'] as const)(
  'stops in the middle of learning when it is cancelled (%s)',
  async (rounding) => {
    const stop = new AbortController();
    let told = 0;
    const context = {
      signal: stop.signal,
      progress: ({ stage }: { stage: string }) => stage === 'Refining' && ++told === 3 && stop.abort(),
    };
    const input = {
      step: quantizeStep({ weightBits: 4, rounding }),
      calibration,
    };
    const own = await startRunner();
    await expect(
      quantizeStatic(network(), { ...input, runner: own, vnni: false }, context as never),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    own.kill();
  },
);
