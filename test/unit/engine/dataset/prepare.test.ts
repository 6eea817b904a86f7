import { describe, expect, it } from 'vitest';
import { preprocessingSchema, type Preprocessing } from '../../../../main/contract/data.ts';
import type { InputSpec } from '../../../../main/engine/dataset/dataset.ts';
import { planPreparation } from '../../../../main/engine/dataset/prepare.ts';
import type { DType } from '../../../../main/engine/tensor/dtype.ts';

const input = (shape: InputSpec['shape'], dtype: DType = 'float32'): InputSpec => ({ name: 'in', dtype, shape });
const raw = (dims: readonly number[], dtype: DType = 'uint8') => ({ name: 'x', dtype, dims });
const settings = (given: Partial<Preprocessing> = {}): Preprocessing => preprocessingSchema.parse(given);

/** Two pixels, red (255, 0, 0) and grey (51, 51, 51), side by side, channels last. */
const TWO_PIXELS = Uint8Array.of(255, 0, 0, 51, 51, 51);

describe('planPreparation', () => {
  it('scales bytes by 1/255 into a float input', () => {
    const plan = planPreparation(raw([2]), input(['N', 2]), settings());
    expect([...plan.convert(Uint8Array.of(0, 51, 255, 102), 2, 2)]).toEqual([0, 0.2, 1, 0.4].map(Math.fround));
    expect(plan.sentence).toBe('x/255 → float32 [N, 2]');
  });

  it('moves channels first and applies mean and std for each channel', () => {
    const plan = planPreparation(
      raw([1, 2, 3]),
      input(['N', 3, 1, 2]),
      settings({ mean: [0.5, 0, 0], std: [0.5, 1, 2] }),
    );
    const [r0, r1, g0, g1, b0, b1] = plan.convert(TWO_PIXELS, 1, 1) as Float32Array;
    expect([r0, g0, b0]).toEqual([1, 0, 0]);
    expect(r1).toBeCloseTo(-0.6, 6);
    expect(g1).toBeCloseTo(0.2, 6);
    expect(b1).toBeCloseTo(0.1, 6);
    expect(plan.dims).toEqual([3, 1, 2]);
  });

  it('splits the colours of pixels into planes, red and blue swapped, without alpha', () => {
    const rgba = Uint8Array.of(255, 0, 51, 9, 0, 51, 255, 9, /* the next sample */ 51, 51, 51, 9, 0, 0, 255, 9);
    const plan = planPreparation(raw([1, 2, 4]), input(['N', 3, 1, 2]), settings({ scale: 1, channels: 'bgr' }));
    expect([...plan.convert(rgba, 2, 2)]).toEqual([51, 255, 0, 51, 255, 0, 51, 255, 51, 0, 51, 0]);
  });

  it('splits the colours of floats into planes, scaled for each channel', () => {
    const plan = planPreparation(
      raw([1, 2, 3], 'float32'),
      input(['N', 3, 1, 2]),
      settings({ scale: 2, mean: [1, 2, 3], std: [1, 2, 4] }),
    );
    // (2x − mean) / std
    expect([...plan.convert(Float32Array.of(1, 2, 3, 4, 5, 6), 1, 1)]).toEqual([1, 7, 1, 4, 0.75, 2.25]);
  });

  it('makes float inputs where it is told to, whatever lies there', () => {
    const plan = planPreparation(raw([2]), input(['N', 2]), settings({ scale: 1 }));
    const place = Float32Array.of(9, 9, 9, 9);
    expect(plan.convert(Uint8Array.of(1, 2, 3, 4), 2, 2, () => place)).toBe(place);
    expect([...place]).toEqual([1, 2, 3, 4]);
  });

  it('moves channels-first data into a channels-last input', () => {
    const plan = planPreparation(raw([3, 1, 2]), input([null, 1, 2, 3], 'uint8'), settings({ layout: 'nhwc' }));
    expect([...plan.convert(Uint8Array.of(255, 51, 0, 51, 0, 51), 1, 1)]).toEqual([...TWO_PIXELS]);
  });

  it('swaps red and blue for models that take BGR', () => {
    const plan = planPreparation(
      raw([1, 2, 3]),
      input(['N', 1, 2, 3], 'uint8'),
      settings({ channels: 'bgr', layout: 'nhwc' }),
    );
    expect([...plan.convert(TWO_PIXELS, 1, 1)]).toEqual([0, 0, 255, 51, 51, 51]);
  });

  it('turns RGB into brightness for models with one channel', () => {
    const plan = planPreparation(raw([1, 2, 3]), input(['N', 1, 1, 2]), settings({ scale: 1 }));
    // 0.299 · 255 = 76.2, rounded as Pillow's mode L is
    expect([...plan.convert(TWO_PIXELS, 1, 1)]).toEqual([76, 51]);
  });

  it('repeats a single channel for models that take three', () => {
    const plan = planPreparation(raw([1, 2]), input(['N', 3, 1, 2]), settings({ scale: 1 }));
    expect([...plan.convert(Uint8Array.of(7, 9), 1, 1)]).toEqual([7, 9, 7, 9, 7, 9]);
  });

  it('flattens images for a model that takes rows', () => {
    const plan = planPreparation(raw([2, 2]), input(['N', 4]), settings({ scale: 1 }));
    expect(plan.dims).toEqual([4]);
    expect([...plan.convert(Uint8Array.of(1, 2, 3, 4), 1, 1)]).toEqual([1, 2, 3, 4]);
  });

  it('leaves floats as they are', () => {
    const plan = planPreparation(raw([2], 'float32'), input(['N', 2]), settings());
    expect([...plan.convert(Float32Array.of(0.5, -3), 1, 1)]).toEqual([0.5, -3]);
  });

  it('reads and writes float16', () => {
    const plan = planPreparation(raw([1], 'float16'), input(['N', 1], 'float16'), settings());
    expect([...plan.convert(Uint16Array.of(0x3c00), 1, 1)]).toEqual([0x3c00]);
  });

  it('feeds token ids as int64', () => {
    const plan = planPreparation(raw([2], 'int32'), input(['N', 'seq'], 'int64'), settings());
    expect([...plan.convert(Int32Array.of(5, 511), 1, 1)]).toEqual([5n, 511n]);
  });

  it('refuses fractions for an integer input', () => {
    const plan = planPreparation(raw([1], 'float32'), input(['N', 1], 'int64'), settings());
    expect(() => plan.convert(Float32Array.of(0.5), 1, 1)).toThrow(/0\.5 does not fit an input of type int64/);
  });

  it('pads a fixed batch with the last sample', () => {
    const plan = planPreparation(raw([1]), input([3, 1], 'uint8'), settings());
    expect([...plan.convert(Uint8Array.of(4, 6), 2, 3)]).toEqual([4, 6, 6]);
  });

  it('runs samples one by one where the input has no batch dimension', () => {
    const plan = planPreparation(raw([5], 'float32'), input([5]), settings());
    expect(plan.unbatched).toBe(true);
  });

  it('says both shapes when data and model do not fit', () => {
    expect(() => planPreparation(raw([28, 28]), input(['N', 3, 32, 32]), settings())).toThrow(
      "Data 'x': got samples of uint8 [28, 28], expected what fits the input 'in', float32 [N, 3, 32, 32]",
    );
  });

  it('refuses a mean that has neither one value nor one for each channel', () => {
    expect(() => planPreparation(raw([1, 2, 3]), input(['N', 3, 1, 2]), settings({ mean: [1, 2] }))).toThrow(
      'The mean has 2 values, expected 1 or 3',
    );
  });
});
