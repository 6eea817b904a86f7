import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activationScheme, quantizeValues } from '../../../../main/engine/quantize/quantize-activations.ts';
import { layerFormats, type LayerFormats } from '../../../../main/engine/quantize/schemes.ts';
import { quantizeStep } from './oracle.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { quantizeBias, raiseScalesForBias } from '../../../../main/engine/quantize/quantize-bias.ts';
import { closestScales, quantizeWeights, weightScales } from '../../../../main/engine/quantize/quantize-weights.ts';

const int8Formats = (step: Partial<Int8StaticStep>): LayerFormats =>
  layerFormats(quantizeStep(step) as Int8StaticStep & { reduceRange: boolean });
const formats = int8Formats({ types: 'u8s8', symmetric: false, reduceRange: false });
const reduced = int8Formats({ types: 'u8s8', symmetric: false, reduceRange: true });
const { activations: uint8, weights: format } = formats;
const perChannel = { axis: 0, format };

describe('weights', () => {
  it('of two bits get the scale with the least squared error, and one code fewer above zero than below', () => {
    const { weights: two } = int8Formats({ types: 'u8s8', symmetric: false, weightBits: 2 });
    expect(two).toMatchObject({ lowest: -2, highest: 1 });
    // With a step of 1 all are met exactly; the largest alone would make it 2.
    const weights = Float32Array.of(1, 1, 0, -1, -2);
    const scheme = { axis: null, format: two };
    expect([...weightScales(weights, [5], scheme, 'w')]).toEqual([2]);
    const scales = closestScales(weights, [5], { ...scheme, scales: Float32Array.of(2) });
    expect([...scales]).toEqual([1]);
    expect([...quantizeWeights(weights, [5], { ...scheme, scales }).values]).toEqual([1, 1, 0, -1, -2]);
  });

  it('get one scale for each channel of the axis: absmax / 127', () => {
    // Channels along axis 1 of [2, 2]: {1, 127} and {-254, 0}.
    const weights = Float32Array.of(1, -254, 127, 0);
    const scheme = { axis: 1, format };
    const scales = weightScales(weights, [2, 2], scheme, 'w');
    expect([...scales]).toEqual([1, 2]);
    expect([...quantizeWeights(weights, [2, 2], { ...scheme, scales }).values]).toEqual([1, -127, 127, 0]);
  });

  it('round halves to the even code', () => {
    const weights = Float32Array.of(127, 0.5, 1.5, -2.5, -0.5);
    const scales = weightScales(weights, [1, 5], perChannel, 'w');
    expect([...quantizeWeights(weights, [1, 5], { ...perChannel, scales }).values]).toEqual([127, 0, 2, -2, 0]);
  });

  it('stay within ±64 with a reduced range', () => {
    const weights = Float32Array.of(64, -64, 32);
    const scheme = { axis: null, format: reduced.weights };
    const scales = weightScales(weights, [3], scheme, 'w');
    expect([...scales]).toEqual([1]);
    expect([...quantizeWeights(weights, [3], { ...scheme, scales }).values]).toEqual([64, -64, 32]);
  });

  it('in unsigned codes have zero at 128', () => {
    const { weights } = int8Formats({ types: 'u8u8', symmetric: false, reduceRange: false });
    const scheme = { axis: null, format: weights };
    const scales = weightScales(Float32Array.of(127, -1), [2], scheme, 'w');
    const { values } = quantizeWeights(Float32Array.of(127, -1, 0), [3], { ...scheme, scales });
    expect(values).toEqual(Uint8Array.of(255, 127, 128));
  });

  it('of an all-zero channel get the scale 1', () => {
    expect([...weightScales(Float32Array.of(0, 0, 1e-45, 0), [2, 2], perChannel, 'w')]).toEqual([1, 1]);
  });

  it('that are not finite are refused with the layer and the element', () => {
    expect(() => weightScales(Float32Array.of(0, NaN), [1, 2], perChannel, "Layer 'c'")).toThrow(
      expect.objectContaining({
        code: 'QUANTIZE_NOT_FINITE',
        message: expect.stringContaining("Layer 'c': element 1 is NaN"),
      }),
    );
    expect(() => weightScales(Float32Array.of(-Infinity), [1], perChannel, 'w')).toThrow(/-Infinity/);
  });

  it('come back within half a step', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        (weights) => {
          const scales = weightScales(weights, [weights.length], { axis: null, format }, 'w');
          const { values } = quantizeWeights(weights, [weights.length], { axis: null, format, scales });
          for (let i = 0; i < weights.length; i++) {
            expect(Math.abs(values[i]! * scales[0]! - weights[i]!)).toBeLessThanOrEqual(scales[0]! * 0.50001);
          }
        },
      ),
    );
  });
});

describe('activations', () => {
  it('use all codes from min to max', () => {
    expect(activationScheme({ min: -1, max: 254 }, uint8)).toMatchObject({ scale: 1, zeroPoint: 1 });
  });

  it('always hold 0 exactly, also when the data does not reach it', () => {
    expect(activationScheme({ min: 51, max: 255 }, uint8)).toMatchObject({ scale: 1, zeroPoint: 0 });
    expect(activationScheme({ min: -255, max: -3 }, uint8)).toMatchObject({ scale: 1, zeroPoint: 255 });
  });

  it('that are symmetric have zero in the middle, where there are both signs', () => {
    const { activations } = int8Formats({ types: 's8s8', symmetric: true, reduceRange: false });
    expect(activationScheme({ min: -254, max: 1 }, activations)).toMatchObject({ scale: 2, zeroPoint: 0 });
    expect(activationScheme({ min: 0, max: 255 }, activations)).toMatchObject({ scale: 1, zeroPoint: -128 });
    const unsigned = int8Formats({ types: 'u8s8', symmetric: true, reduceRange: false }).activations;
    expect(activationScheme({ min: -254, max: 1 }, unsigned)).toMatchObject({ scale: 2, zeroPoint: 128 });
  });

  it('in signed codes begin at -128', () => {
    const { activations } = int8Formats({ types: 's8s8', symmetric: false, reduceRange: false });
    const scheme = activationScheme({ min: -1, max: 254 }, activations);
    expect(scheme).toMatchObject({ scale: 1, zeroPoint: -127 });
    expect(quantizeValues(Float32Array.of(-9, 0, 1, 999), scheme)).toEqual(Int8Array.of(-128, -127, -126, 127));
  });

  it('that are always 0 get the scale 1', () => {
    expect(activationScheme({ min: 0, max: 0 }, uint8)).toMatchObject({ scale: 1, zeroPoint: 0 });
  });

  it('behind a Relu6 never pass 6, not even by a rounding', () => {
    for (const max of [6, 5.999999, 3.3333333, 0.1]) {
      const top = Math.fround(max);
      expect(Math.fround(activationScheme({ min: 0, max: top }, uint8).scale * 255)).toBeLessThanOrEqual(top);
    }
  });

  it('saturate at the ends of the range', () => {
    const scheme = activationScheme({ min: -1, max: 254 }, uint8);
    expect([...quantizeValues(Float32Array.of(-9, 0, 1, 999), scheme)]).toEqual([0, 1, 2, 255]);
  });
});

describe('biases', () => {
  it('are int32 in units of input scale times weight scale', () => {
    const { values, scales } = quantizeBias(Float32Array.of(1, -0.75), 0.5, Float32Array.of(0.5, 0.25));
    expect([...scales]).toEqual([0.25, 0.125]);
    expect([...values]).toEqual([4, -6]);
  });

  it('that do not fit raise the scale of their own channel until they do', () => {
    const raised = raiseScalesForBias(Float32Array.of(1e-12, 0.5), 1e-3, Float32Array.of(100, 1));
    expect(raised[1]).toBe(0.5);
    const { values, scales } = quantizeBias(Float32Array.of(100, 1), 1e-3, raised);
    expect(values[0]! * scales[0]!).toBeCloseTo(100, 4);
    expect(Math.abs(values[0]!)).toBeLessThan(2 ** 31 - 1);
  });
});
