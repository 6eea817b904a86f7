/** What running a model shows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { StudioError } from '../../../../main/base/errors.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { examine } from '../../../../main/engine/doctor/examine.ts';
import { runOnce } from '../../../../main/engine/passes/compare-outputs.ts';
import { floatLayers } from '../../../../main/engine/passes/float-layers.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import { recipeSchema, type Recipe } from '../../../../main/contract/recipe/recipe.ts';
import { stepParts } from '../../../../main/contract/recipe/kinds.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import { editRecipe } from '../../../../main/judge/recipe/edit.ts';
import { graph } from '../../../support/graph-builder.ts';
import { between, pair, quantizedConv } from '../../../support/quantized-graphs.ts';
import { randomBatches, randomFeed } from '../quantize/oracle.ts';
import { found, OPENED, report } from './examined.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const IMAGE = [1, 4, 8, 8];
const pool = (attributes: Readonly<Record<string, bigint | readonly bigint[]>>): Model =>
  between('AveragePool', { kernel_shape: [3n, 3n], strides: [2n, 2n], ...attributes });

describe('integer kernels beside the operators that they stand for', () => {
  it('finds an average pool that divides by something else', async () => {
    const wrong = pool({ pads: [1n, 1n, 1n, 1n], ceil_mode: 1n, count_include_pad: 1n });
    const finding = await found('kernel-differs', wrong, { runner, feeds: [randomFeed(IMAGE)] });
    expect(finding?.severity).toBe('error');
    expect(finding?.layers.map(({ name }) => name)).toEqual(['middle']);
    expect(finding?.layers[0]?.evidence[0]?.value).toBeGreaterThan(0.5);
    expect(finding?.fix?.edits).toEqual([{ add: { rewrite: { pass: 'float-layers', layers: ['middle'] } } }]);
  });

  it('does not take it for saturation on a CPU that may saturate: it is as far off where sums are exact', async () => {
    const wrong = pool({ pads: [1n, 1n, 1n, 1n], ceil_mode: 1n, count_include_pad: 1n });
    const { findings } = await report(wrong, { runner, vnni: false, feeds: [randomFeed(IMAGE)] });
    expect(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual(['kernel-differs']);
  });

  it.each([
    ['an average pool without both', pool({})],
    ['a convolution', quantizedConv()],
    ['a convolution with Relu', quantizedConv({ activation: 'Relu' })],
    ['a sigmoid', between('Sigmoid', {}, { scales: [0.02, 1 / 255] })],
  ])('finds nothing wrong with %s', async (_what, model) => {
    const { findings, integerLayers } = await report(model, { runner, feeds: [randomFeed(IMAGE)] });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(integerLayers?.fused).toBe(integerLayers?.of);
  });
});

describe('a model of integer kernels', () => {
  it('is examined as one of conversions: its kernels are right, its outputs near the float model', async () => {
    const b = graph().input('x', 'float32', [1, 16]);
    for (const [name, scale] of [
      ['s', 0.01],
      ['t', 0.05],
    ] as const)
      b.initializer(name, 'float32', [], [scale]);
    b.initializer('z', 'uint8', [], [128]).initializer('wz', 'int8', [], [0]);
    b.initializer(
      'w',
      'int8',
      [16, 4],
      Array.from({ length: 64 }, (_, at) => ((at * 29) % 101) - 50),
    );
    b.node('QuantizeLinear', ['x', 's', 'z'], {}, ['q'], { name: 'in' });
    b.node('QLinearMatMul', ['q', 's', 'z', 'w', 's', 'wz', 't', 'z'], {}, ['p'], { name: 'product' });
    b.node('DequantizeLinear', ['p', 't', 'z'], {}, ['y'], { name: 'out' });
    const model = b.output('y').build({ opset: 13 });
    const { findings, checks, integerLayers } = await report(model, { runner, feeds: [randomFeed([1, 16])] });
    expect(findings.filter(({ severity, code }) => severity === 'error' || code === 'layer-loses')).toEqual([]);
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(integerLayers).toEqual({ fused: 1, of: 1 });
  });
});

describe('ranges', () => {
  it('that end before the data are told, with the share of values beyond them', async () => {
    // 0.002 · 127 = 0.25: of values in [−1, 1) three quarters lie beyond.
    const model = between('Transpose', { perm: [0n, 1n, 3n, 2n] }, { scales: [0.002, 0.002] });
    const finding = await found('range-clips', model, { runner, feeds: [randomFeed(IMAGE)] });
    expect(finding?.layers[0]?.evidence[0]?.value).toBeCloseTo(0.75, 1);
  });

  it('that are much wider than the data are told, with the codes in use', async () => {
    // Values in [−1, 1) are 20 of 256 codes of 0.1.
    const model = between('Transpose', { perm: [0n, 1n, 3n, 2n] }, { scales: [0.1, 0.1] });
    const finding = await found('range-wastes', model, { runner, feeds: [randomFeed(IMAGE)] });
    expect(finding?.layers[0]?.evidence[0]?.value).toBeCloseTo(21 / 256, 2);
  });

  it('of a model that the recipe quantized are given there as the data have them, from the first that clips on', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 3, 8, 8])
      .conv({ name: 'c1', channels: 4 })
      .relu({ name: 'r1', to: 'hidden' })
      .conv({ name: 'c2', channels: 4, inputs: 4, to: 'y' })
      .output('y', 'float32', ['N', 4, 8, 8])
      .build({ opset: 17 });
    const quantized = async (recipe: Recipe) => {
      const settings = stepParts(recipe.steps[0]!).settings;
      const input = { calibration: () => randomBatches([2, 3, 8, 8], 2), runner, vnni: true } as const;
      const step = quantizeStepSchema.parse(settings) as Int8StaticStep;
      return (await quantizeStatic(model, { ...input, step }, quietContext())).model;
    };
    const step = { scheme: 'int8-static', ranges: { x: [-0.1, 0.1], hidden: [0, 900] } };
    const recipe = recipeSchema.parse({ version: 2, steps: [{ quantize: step }] });
    const origin = { sources: new Map(), quantizes: true };
    const feeds = [randomFeed([2, 3, 8, 8])];
    const mend = async (before: Recipe): Promise<Recipe> => {
      const { findings } = await report(await quantized(before), { runner, feeds, origin });
      const fixes = findings.flatMap(({ code, fix }) => (code.startsWith('range-') ? (fix?.edits ?? []) : []));
      return editRecipe(before, fixes);
    };
    const rangesOf = (of: Recipe) =>
      (stepParts(of.steps[0]!).settings as { ranges: Record<string, readonly [number, number]> }).ranges;
    const once = await mend(recipe);
    expect(rangesOf(once)['x']![0]).toBeCloseTo(-1, 1);
    expect(rangesOf(once)['x']![1]).toBeCloseTo(1, 1);
    // What lies behind the range that clipped is looked at again: only then its values are those that it will have.
    expect(rangesOf(once)['hidden']).toEqual([0, 900]);
    const twice = await mend(once);
    expect(rangesOf(twice)['hidden']![0]).toBe(0);
    expect(rangesOf(twice)['hidden']![1]).toBeLessThan(90);
    expect(await mend(twice)).toEqual(twice);
  });

  it('that fit are not, nor what a Relu cuts, nor anything on made inputs', async () => {
    const fits = between('Transpose', { perm: [0n, 1n, 3n, 2n] }, { scales: [0.008, 0.008] });
    expect(await found('range-clips', fits, { runner, feeds: [randomFeed(IMAGE)] })).toBeUndefined();
    expect(await found('range-wastes', fits, { runner, feeds: [randomFeed(IMAGE)] })).toBeUndefined();
    const relu = quantizedConv({ activation: 'Relu', outputScale: 0.05 });
    expect(await found('range-clips', relu, { runner, feeds: [randomFeed(IMAGE)] })).toBeUndefined();
    const { checks, madeInputs } = await report(fits, { runner });
    expect(madeInputs).toBe(true);
    expect(checks.find(({ id }) => id === 'ranges')?.status).toBe('skipped');
  });
});

/** Four layers in a row, of which the second has a step far too coarse for its values. */
function chain(coarse: number): Model {
  const b = graph().input('x', 'float32', [1, 16]);
  b.initializer('zero', 'uint8', [], [128])
    .initializer('fine', 'float32', [], [0.008])
    .initializer('coarse', 'float32', [], [coarse]);
  b.initializer('w_scale', 'float32', [], [0.005]).initializer('w_zero', 'int8', [], [0]);
  pair(b, 'x', 'x_real', ['fine', 'zero']);
  let value = 'x_real';
  for (const name of ['a', 'b', 'c', 'd']) {
    const codes = Array.from({ length: 256 }, (_, at) => ((at * 37 + name.charCodeAt(0) * 11) % 101) - 50);
    b.initializer(`${name}_codes`, 'int8', [16, 16], codes);
    b.node('DequantizeLinear', [`${name}_codes`, 'w_scale', 'w_zero'], {}, [`${name}_w`], { name: `${name}_weights` });
    b.node('MatMul', [value, `${name}_w`], {}, [`${name}_out`], { name });
    value = `${name}_real`;
    pair(b, `${name}_out`, value, [name === 'b' ? 'coarse' : 'fine', 'zero']);
  }
  return b.output(value).build({ opset: 13 });
}

/** dB between a model of codes and the same without any, over some samples. */
async function distance(model: Model, feeds: readonly HostTensors[]): Promise<number> {
  const float = floatLayers(model, undefined).model;
  const sums = { reference: 0, difference: 0 };
  for (const one of feeds) {
    const [[x], [y]] = [
      await runOnce(float, one, runner, quietContext()),
      await runOnce(model, one, runner, quietContext()),
    ].map((outputs) => Object.values(outputs).map(({ data }) => data as Float32Array)) as [
      [Float32Array],
      [Float32Array],
    ];
    for (const [at, value] of x.entries()) {
      sums.reference += value ** 2;
      sums.difference += (value - y[at]!) ** 2;
    }
  }
  return 10 * Math.log10(sums.reference / sums.difference);
}

function loud({ x }: HostTensors): HostTensors {
  return { x: { ...x!, data: (x!.data as Float32Array).map((value) => 9 * value) } };
}

describe('losses', () => {
  it('are followed to the layer whose range makes them, and mended by leaving it in float', async () => {
    const finding = await found('layer-loses', chain(1), { runner, feeds: [randomFeed([1, 16])] });
    expect(finding?.evidence[0]?.value).toBeLessThan(20);
    expect(finding?.fix?.evidence[0]?.value).toBeGreaterThan(20);
    expect(finding?.layers.map(({ name }) => name)).toContain('b');
    expect(finding?.layers.length).toBeLessThan(4);
  });

  it('are those of all samples, not of the first: what the fix promises is measured on them as well', async () => {
    // The first sample fits the ranges; most of the second is cut off.
    const feeds = [randomFeed([1, 16]), loud(randomFeed([1, 16]))];
    const model = chain(0.008);
    expect(await found('layer-loses', model, { runner, feeds: feeds.slice(0, 1) })).toBeUndefined();
    const finding = await found('layer-loses', model, { runner, feeds });
    expect(finding?.evidence[0]?.value).toBeCloseTo(await distance(model, feeds), 6);
  });

  it('are none where ranges are right', async () => {
    expect(await found('layer-loses', chain(0.008), { runner, feeds: [randomFeed([1, 16])] })).toBeUndefined();
  });
});

describe('packed weights', () => {
  it('are timed as they are, mended, and in float', async () => {
    const finding = await found('packed-slow', packed(1), { runner });
    expect(finding?.evidence.map(({ label, unit }) => [label, unit])).toEqual([
      ['products', ''],
      ['first of them, as it is', 'ms'],
      ['mended', 'ms'],
      ['in float32', 'ms'],
    ]);
    expect(finding?.measured).toBe(true);
  });
});

/** Weights of 0.1 in blocks of 4-bit codes. @param accuracy as MatMulNBits takes it: 1 computes in float32, 4 in int8 */
function packed(accuracy: 1 | 4): Model {
  return graph()
    .input('x', 'float32', [1, 64])
    .initializer('b', 'uint8', [8, 2, 16], new Uint8Array(256).fill(0x99))
    .initializer('s', 'float32', [16], new Float32Array(16).fill(0.1))
    .node(
      'MatMulNBits',
      ['x', 'b', 's'],
      { K: 64n, N: 8n, bits: 4n, block_size: 32n, accuracy_level: BigInt(accuracy) },
      ['y'],
      {
        name: 'packed',
        domain: 'com.microsoft',
      },
    )
    .output('y')
    .build({ domains: { 'com.microsoft': 1 } });
}

describe('losses of packed weights', () => {
  it('are no single layer’s, and say what helps', async () => {
    const reference = graph()
      .input('x', 'float32', [1, 64])
      .initializer('w', 'float32', [64, 8], new Float32Array(512).fill(0.15))
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'packed' })
      .output('y')
      .build({ opset: 17 });
    const finding = await found('layer-loses', packed(4), { runner, reference, feeds: [randomFeed([1, 64])] });
    // Weights are off by a third: 20·log₁₀(3) dB, and a little for data in 8 bits.
    expect(finding?.evidence[0]?.value).toBeCloseTo(20 * Math.log10(3), 0);
    expect(finding).toMatchObject({ layers: [], fix: null, text: expect.stringContaining('more bits') });
  });
});

describe('open sizes', () => {
  /** The shape of x, computed while the model runs, as exporters write a Flatten. */
  const flattened = (steps: string | number, samples: string | number = 1): Model =>
    graph()
      .input('x', 'float32', [samples, steps, 8])
      .node('Shape', ['x'], {}, ['shape'], { name: 'shape' })
      .initializer('one', 'int64', [1], [1n])
      .initializer('rest', 'int64', [1], [-1n])
      .node('Gather', ['shape', 'one'], {}, ['length'], { name: 'length' })
      .node('Mul', ['length', 'one'], {}, ['same'], { name: 'same' })
      .node('Concat', ['rest', 'same'], { axis: 0n }, ['target'], { name: 'target' })
      .node('Reshape', ['x', 'target'], {}, ['y'], { name: 'reshape' })
      .output('y')
      .build();

  it('that keep shapes from being computed beforehand are told, with the kernels they cost', async () => {
    const finding = await found('dynamic-shapes', flattened('steps'), { runner, feeds: [randomFeed([1, 4, 8])] });
    const [open, fixed] = finding?.evidence.map(({ value }) => value) ?? [];
    expect(open! - fixed!).toBeGreaterThanOrEqual(3);
    expect(finding?.fix?.edits).toEqual([{ add: { rewrite: { pass: 'fix-sizes', sizes: { steps: 4 } } } }]);
  });

  it('have no fix where the number of samples must be fixed too', async () => {
    const finding = await found('dynamic-shapes', flattened('steps', 'N'), { runner, feeds: [randomFeed([1, 4, 8])] });
    expect(finding?.text).toContain('N = 1, steps = 4');
    expect(finding?.fix).toBeNull();
  });

  it('that are none are not', async () => {
    expect(await found('dynamic-shapes', flattened(4), { runner, feeds: [randomFeed([1, 4, 8])] })).toBeUndefined();
  });
});

describe('an examination', () => {
  it('says why it could not run the model, and keeps what the file told', async () => {
    const model = graph()
      .input('x', 'float32', [1, 8])
      .node('Nothing', ['x'], {}, ['y'], { domain: 'nobody' })
      .weights('spare', [3])
      .output('y')
      .build();
    const { checks, findings } = await report(model, { runner });
    expect(checks.at(-1)).toMatchObject({ id: 'run', status: 'skipped' });
    expect(findings.map(({ code }) => code)).toEqual(['weights-unused']);
  });

  it('begins no measured check once its time is up, and says so; what the file tells stays', async () => {
    const { checks } = await report(quantizedConv(), { runner, feeds: [randomFeed(IMAGE)], seconds: 1e-6 });
    const left = checks.filter(({ status }) => status === 'skipped');
    expect(left.map(({ id }) => id)).toEqual(['open-sizes', 'fusion', 'kernels', 'ranges', 'losses', 'times']);
    for (const { note } of left.filter(({ id }) => id !== 'kernels')) expect(note).toMatch(/were up; allow more$/u);
    expect(checks.filter(({ status }) => status === 'done').length).toBeGreaterThan(10);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const machine = { cpu: 'test', arch: 'x64', vnni: true };
    const context = { ...quietContext(), signal: stop.signal };
    stop.abort(new StudioError('CANCELLED', 'stopped'));
    await expect(examine({ model: quantizedConv(), origin: OPENED, machine }, context)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
