import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { describe, expect, it } from 'vitest';
import type { QuantizePlan } from '../../../../main/contract/studio.ts';
import { int8Bytes, predictInt8Latency } from '../../../../main/judge/predict/int8.ts';
import { sameRecipe } from '../../../../main/judge/recipe/canonical.ts';
import { predictTrial } from '../../../../main/judge/predict/trial.ts';
import type { PredictionInputs } from '../../../../main/judge/predict/trial.ts';
import { someCircumstances, someData, someMeasurement } from '../../../support/measured.ts';
import { BASELINE, evaluation, int8, latency, narrowed, pruned, threeUnitPlan, trial, twoLayerPlan } from './cases.ts';

const QUANTIZE_PLAN: QuantizePlan = {
  layers: [
    { name: 'small', op: 'Conv', quantizable: true, reason: null, kernel: 'conv' },
    { name: 'large', op: 'Gemm', quantizable: true, reason: null, kernel: 'conv' },
  ],
  vnni: false,
  int8Bytes: 980,
};

/** Two layers of four float32 weights each. */
const LAYERS = {
  names: ['small', 'large'],
  parameters: Float64Array.of(4, 4),
  parameterBytes: Float64Array.of(16, 16),
};

function inputs(more: Partial<PredictionInputs> = {}): PredictionInputs {
  return {
    inspect: { parameters: 10, macs: 200 },
    layers: LAYERS,
    modelBytes: 1000,
    trials: [trial('base', BASELINE, { latency: latency(2), evaluation: evaluation(0.9) })],
    prunePlan: twoLayerPlan(),
    channelPlan: null,
    quantizePlan: QUANTIZE_PLAN,
    baselineProfile: null,
    unlabelled: false,
    ...more,
  };
}

describe('predictTrial', () => {
  it('expects the baseline’s latency and file size of a pruned model: zeros bring neither speed nor bytes', () => {
    const predicted = predictTrial(pruned(0.5), inputs());
    expect(predicted.latencyMs?.value).toBe(2);
    expect(predicted.bytes).toBe(1000);
    expect(predicted.nonZeroParameters).toBe(6);
    expect(predicted.effectiveMacs).toBe(100);
  });

  it('knows no accuracy before the baseline is measured', () => {
    expect(predictTrial(pruned(0.5), inputs({ trials: [trial('base', BASELINE)] })).goodness).toBeNull();
  });

  it('starts from full agreement where the data have no labels', () => {
    const given = inputs({ trials: [trial('base', BASELINE)], unlabelled: true });
    expect(predictTrial(pruned(0), given).goodness).toMatchObject({ metric: 'agreement', value: 1 });
    const detection = { ...evaluation(0), metrics: {}, cosine: 0.8 };
    const measured = trial('cut', pruned(0.5), { evaluation: detection });
    const after = predictTrial(pruned(0.5), inputs({ trials: [trial('base', BASELINE), measured], unlabelled: true }));
    expect(after.goodness).toMatchObject({ metric: 'cosine', value: expect.closeTo(0.8) });
  });

  it('does not say of int8 that it agrees fully before any trial was measured, nor what fewer bits cost', () => {
    const given = inputs({ trials: [trial('base', BASELINE)], unlabelled: true });
    expect(predictTrial(int8(true), given).goodness).toBeNull();
    const [step] = int8(true).steps as readonly { readonly quantize: object }[];
    const coarse = recipeSchema.parse({ version: 2, steps: [{ quantize: { ...step!.quantize, weightBits: 4 } }] });
    expect(predictTrial(coarse, inputs()).goodness).toBeNull();
    expect(predictTrial(int8(true), inputs()).goodness).not.toBeNull();
  });

  it('corrects itself by a measured trial of another sparsity', () => {
    const before = predictTrial(pruned(0.6), inputs()).goodness!;
    const half = trial('half', pruned(0.5), { evaluation: evaluation(0.12) });
    const after = predictTrial(pruned(0.6), inputs({ trials: [...inputs().trials, half] })).goodness!;
    expect(after.anchors).toBe(1);
    expect(after.value).toBeLessThanOrEqual(0.12);
    expect(before.value).toBeGreaterThan(after.value);
  });

  it('does not mix trials that were measured on other data', () => {
    const on = (fingerprint: string, value: number) => [
      someMeasurement({ metric: 'top1', value, at: 2, ...someCircumstances({ data: someData({ fingerprint }) }) }),
    ];
    const base = trial('base', BASELINE, { evaluation: evaluation(0.9), measurements: on('one', 0.9) });
    const other = trial('other', pruned(0.5), { evaluation: evaluation(0.3), measurements: on('two', 0.3) });
    expect(predictTrial(pruned(0.5), inputs({ trials: [base, other] })).goodness?.anchors).toBe(0);
  });

  it('takes int8’s latency from a trial that was quantized alike, with the resolved weight range', () => {
    const done = trial('int8', int8(true), { latency: latency(1), evaluation: evaluation(0.88) });
    const recipe = { version: 2 as const, steps: [...pruned(0.5).steps, ...int8('auto').steps] };
    expect(predictTrial(recipe, inputs({ trials: [...inputs().trials, done] })).latencyMs?.value).toBe(1);
  });

  it('takes float cuts for int8 where int8 was not tried, scaled to where int8 starts', () => {
    const quantized = trial('int8', int8(true), { evaluation: evaluation(0.5) });
    const cut = trial('cut', pruned(0.5), { evaluation: evaluation(0.3) });
    const recipe = { version: 2 as const, steps: [...pruned(0.5).steps, ...int8('auto').steps] };
    // chance 0.1: of 0.8 above it pruning leaves 0.2, a quarter; int8 starts with 0.4 above it
    expect(predictTrial(recipe, inputs({ trials: [...inputs().trials, quantized, cut] })).goodness?.value).toBeCloseTo(
      0.1 + 0.4 / 4,
    );
  });

  it('cannot tell int8’s latency without a profile or a trial', () => {
    expect(predictTrial(int8(), inputs()).latencyMs).toBeNull();
  });

  it('widens the band downwards for int8 that was never tried', () => {
    const plain = predictTrial(BASELINE, inputs()).goodness!;
    const untried = predictTrial(int8(), inputs()).goodness!;
    expect(plain.low - untried.low).toBeCloseTo(0.03);
    expect(untried.value).toBe(plain.value);
  });
});

describe('int8 predictions', () => {
  it('take what the plan says of the file, with three of four bytes more for weights of excluded layers', () => {
    expect(int8Bytes(LAYERS, QUANTIZE_PLAN, new Set())).toBe(980);
    expect(int8Bytes(LAYERS, QUANTIZE_PLAN, new Set(['large']))).toBe(980 + 12);
    expect(predictTrial(int8(), inputs()).bytes).toBe(980);
    const nothing = { ...QUANTIZE_PLAN, int8Bytes: null };
    expect(predictTrial(int8(), inputs({ quantizePlan: nothing })).bytes).toBe(1000);
  });

  it('knows no file size before the layers have come', () => {
    expect(predictTrial(int8(), inputs({ layers: null })).bytes).toBeNull();
    expect(predictTrial(BASELINE, inputs({ layers: null })).bytes).toBe(1000);
  });

  it('slows depthwise convolutions down and speeds the others up', () => {
    const profileLayer = {
      name: 'small',
      op: 'Conv',
      timeMs: 1,
      share: 1,
      kernels: [],
      macs: null,
      gmacsPerSecond: null,
    };
    const given = { layers: [profileLayer], latencyMs: 10, plan: QUANTIZE_PLAN, exclude: new Set<string>() };
    const depthwise = QUANTIZE_PLAN.layers.map((layer) => ({ ...layer, kernel: 'depthwise' as const }));
    expect(predictInt8Latency(given).value).toBeCloseTo(5.5);
    expect(predictInt8Latency({ ...given, plan: { ...QUANTIZE_PLAN, layers: depthwise } }).value).toBeCloseTo(15);
    expect(predictInt8Latency({ ...given, exclude: new Set(['small']) }).value).toBe(10);
  });
});

describe('sameRecipe', () => {
  it('reads "auto" as what it means on this machine', () => {
    expect(sameRecipe(int8('auto'), int8(true), { vnni: false })).toBe(true);
    expect(sameRecipe(int8('auto'), int8(true), { vnni: true })).toBe(false);
    expect(sameRecipe(int8('auto'), int8(false), { vnni: true })).toBe(true);
  });

  it('does not mind the order of exclusions, but minds which', () => {
    expect(sameRecipe(int8(true, ['a', 'b']), int8(true, ['b', 'a']), { vnni: false })).toBe(true);
    expect(sameRecipe(int8(true, ['a']), int8(true, ['b']), { vnni: false })).toBe(false);
  });

  it('tells sparsities and absent steps apart', () => {
    expect(sameRecipe(pruned(0.5), pruned(0.6), { vnni: false })).toBe(false);
    expect(sameRecipe(pruned(0.5), BASELINE, { vnni: false })).toBe(false);
  });
});

describe('predictTrial of whole channels', () => {
  const base = trial('base', BASELINE, { evaluation: evaluation(0.9) });
  const known = (more: Partial<PredictionInputs> = {}): PredictionInputs =>
    inputs({ channelPlan: threeUnitPlan(), trials: [base], ...more });

  it('knows work, parameters and size by arithmetic, and says nothing of accuracy and latency before a measurement', () => {
    // Two of three units stay: 2·2 + 2 = 6 of 9 weights of 4 bytes.
    const predicted = predictTrial(narrowed(0.7), known());
    expect(predicted).toMatchObject({ effectiveMacs: 6, nonZeroParameters: 6, bytes: 1000 - 12 });
    expect(predicted).toMatchObject({ cut: null, goodness: null, latencyMs: null });
  });

  it('expects an accuracy between the model and a stronger cut by the same score that was measured', () => {
    const one = trial('one', narrowed(0.4), { evaluation: evaluation(0.5) });
    const goodness = predictTrial(narrowed(0.7), known({ trials: [base, one] })).goodness;
    expect(goodness!.value).toBeGreaterThan(0.5);
    expect(goodness!.value).toBeLessThan(0.9);
    expect(predictTrial(narrowed(0.7, { score: 'l1' }), known({ trials: [base, one] })).goodness).toBeNull();
  });

  it('expects none beyond the strongest cut that was measured, and takes none from single weights', () => {
    const two = trial('two', narrowed(0.7), { evaluation: evaluation(0.8) });
    const zeros = trial('zeros', pruned(0.9), { evaluation: evaluation(0.3) });
    expect(predictTrial(narrowed(0.4), known({ trials: [base, two, zeros] })).goodness).toBeNull();
    expect(predictTrial(pruned(0.5), known({ trials: [base, two] })).goodness!.anchors).toBe(0);
  });

  it('says nothing where several steps prune, and nothing of the size where int8 follows', () => {
    const [channels] = narrowed(0.7).steps;
    const twice = { version: 2, steps: [channels!, channels!] } as const;
    expect(predictTrial(twice, known())).toMatchObject({ channels: null, bytes: null, effectiveMacs: null });
    const then = { version: 2, steps: [channels!, ...int8().steps] } as const;
    expect(predictTrial(then, known())).toMatchObject({ bytes: null, effectiveMacs: 6 });
  });
});
