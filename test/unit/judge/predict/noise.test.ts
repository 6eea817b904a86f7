import { describe, expect, it } from 'vitest';
import { LAYER_WAYS, type LayerTrials, type Tried } from '../../../../main/contract/layer-trials.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Recipe } from '../../../../main/contract/recipe/recipe.ts';
import { noiseTogether, pastNoiseError, predictNoise, type NoiseInputs } from '../../../../main/judge/predict/noise.ts';
import { someCircumstances, someData, someMeasurement } from '../../../support/measured.ts';
import { BASELINE, pruned, trial } from './cases.ts';

/** Three layers with the same signal to noise, in dB, in all columns but those that are given. */
function table(tried: Tried, sqnrDb: number, special: Readonly<Record<string, number>> = {}): LayerTrials {
  const ways = LAYER_WAYS[tried].map(({ key }) => key);
  const cells = ways.map((key) => ({ loss: 0, sqnrDb: special[key] ?? sqnrDb }));
  return {
    tried,
    ways,
    data: { datasetId: 'd', name: 'd', key: '' },
    samples: 16,
    measure: 'error',
    rows: ['a', 'b', 'c'].map((layer) => ({ layer, op: 'Conv', cells })),
    layers: 3,
  };
}

const int8 = (settings: object = {}): Recipe => ({
  version: 2,
  steps: [{ quantize: quantizeStepSchema.parse({ reduceRange: false, speed: 'all', ...settings }) }],
});

const inputs = (more: Partial<NoiseInputs> = {}): NoiseInputs => ({
  schemes: table('schemes', 40, { 'int16/minmax': 60, 'int8-7bit/minmax': 30 }),
  bits: table('bits', 50, { w4: 20 }),
  vnni: true,
  trials: [],
  ...more,
});

const measured = (id: string, recipe: Recipe, { sqnrDb, at }: { readonly sqnrDb: number; readonly at: number }) =>
  trial(id, recipe, {
    createdAt: at,
    measurements: [
      someMeasurement({ trialId: id, metric: 'sqnr', value: sqnrDb, ...someCircumstances({ data: someData() }) }),
    ],
  });

const db = (told: ReturnType<typeof predictNoise>): number => (typeof told === 'string' ? NaN : told.sqnrDb);

describe('the predicted noise of a quantized model', () => {
  it('is the sum of the noise powers of layers alone', () => {
    // Three times 10⁻⁴: −10·log₁₀(3·10⁻⁴).
    expect(db(predictNoise(int8(), inputs()))).toBeCloseTo(35.229, 3);
    expect(db(predictNoise(int8({ exclude: ['a'] }), inputs()))).toBeCloseTo(36.99, 2);
    // 10⁻⁴ + 10⁻⁶ + 10⁻³
    const mixed = int8({ layers: { a: 'int16', b: 'int8-7bit' } });
    expect(db(predictNoise(mixed, inputs()))).toBeCloseTo(-10 * Math.log10(1.101e-3), 6);
  });

  it('is told for all layers in one way', () => {
    const together = noiseTogether(table('bits', 50, { w4: 20 }));
    const at = LAYER_WAYS.bits.findIndex(({ key }) => key === 'w4');
    expect(together[at]).toBeCloseTo(20 - 10 * Math.log10(3), 9);
    expect(together[at + 1]).toBeCloseTo(50 - 10 * Math.log10(3), 9);
    const broken = table('bits', 50);
    expect(
      noiseTogether({ ...broken, rows: [{ ...broken.rows[0]!, cells: broken.ways.map(() => null) }] })[0],
    ).toBeNull();
  });

  it('has weights of 4 bits beside activations of 8', () => {
    expect(db(predictNoise(int8({ weightBits: 4 }), inputs()))).toBeCloseTo(-10 * Math.log10(3 * (1e-4 + 1e-2)), 6);
    expect(predictNoise(int8({ weightBits: 4 }), inputs({ bits: null }))).toBe('measure');
  });

  it('is 7-bit weights where the CPU needs them', () => {
    const auto = int8({ reduceRange: 'auto' });
    expect(db(predictNoise(auto, inputs({ vnni: false })))).toBeCloseTo(30 - 10 * Math.log10(3), 6);
    expect(db(predictNoise(auto, inputs()))).toBeCloseTo(40 - 10 * Math.log10(3), 6);
  });

  it('is not told before all layers were measured, nor of what was not tried on single layers', () => {
    const half = table('schemes', 40);
    expect(predictNoise(int8(), inputs({ schemes: { ...half, rows: half.rows.slice(1) } }))).toBe('measure');
    expect(predictNoise(int8(), inputs({ schemes: null }))).toBe('measure');
    expect(predictNoise(int8({ perChannel: false }), inputs())).toBe('unknown');
    expect(predictNoise({ version: 2, steps: [...pruned(0.5).steps, ...int8().steps] }, inputs())).toBe('unknown');
    expect(predictNoise(BASELINE, inputs())).toBe('unknown');
  });

  it('is corrected by what trials showed, those refined alike before others', () => {
    const plain = measured('plain', int8(), { sqnrDb: 33.229, at: 1 });
    const told = predictNoise(int8({ exclude: ['a'] }), inputs({ trials: [plain] }));
    expect(told).toMatchObject({ corrected: 1 });
    // 2 dB less than what the layers say.
    expect(db(told)).toBeCloseTo(34.99, 2);
    const refined = measured('refined', int8({ biasCorrection: 'fast' }), { sqnrDb: 36.229, at: 2 });
    const both = inputs({ trials: [plain, refined] });
    expect(db(predictNoise(int8({ biasCorrection: 'fast', exclude: ['a'] }), both))).toBeCloseTo(37.99, 2);
    expect(db(predictNoise(int8({ exclude: ['a'] }), both))).toBeCloseTo(34.99, 2);
  });

  it('tells how far off it was, each trial predicted from those before', () => {
    expect(pastNoiseError(inputs())).toBeNull();
    const first = measured('first', int8(), { sqnrDb: 33.229, at: 1 });
    const second = measured('second', int8({ exclude: ['a'] }), { sqnrDb: 36.99, at: 2 });
    // The first is 2 dB off; then 2 dB are taken away, which the second has not lost.
    const past = pastNoiseError(inputs({ trials: [second, first] }))!;
    expect(past.trials).toBe(2);
    expect(past.meanDb).toBeCloseTo(2, 2);
  });
});
