import { describe, expect, it } from 'vitest';
import { codeWeights } from '../../../../main/engine/quantize/code-weights.ts';
import { layerFormats } from '../../../../main/engine/quantize/schemes.ts';
import { quantizeStep } from './oracle.ts';

const { weights: uint8 } = layerFormats({ ...quantizeStep({ types: 'u8u8' }), reduceRange: false });
const { weights: int8 } = layerFormats({ ...quantizeStep(), reduceRange: false });
const base = { dims: [4], axis: null, bias: undefined, inputScale: 1, refined: undefined, anyZero: true } as const;
/** From −0.51 to 2.04: 255 steps of 0.01, the first 51 of them below zero. */
const leaning = Float32Array.of(-0.51, 0, 1, 2.04);

describe('codeWeights', () => {
  it('takes all codes of uint8 from the least weight to the greatest where any zero point is allowed', () => {
    const { scales, codes, zeroPoint } = codeWeights({ ...base, values: leaning, format: uint8 }, 'w');
    expect(scales[0]).toBeCloseTo(0.01, 8);
    expect(zeroPoint).toBe(51);
    expect([...codes]).toEqual([0, 51, 151, 255]);
  });

  it.each([
    ['where none is allowed', { ...base, anyZero: false, format: uint8 }, [128 - 32, 128, 128 + 62, 255], 128],
    ['of int8', { ...base, format: int8 }, [-32, 0, 62, 127], 0],
    ['with a scale for each channel', { ...base, axis: 0, format: uint8 }, [1, 128, 255, 255], 128],
  ])('is about the middle code %s', (_, weights, expected, middle) => {
    const { codes, zeroPoint } = codeWeights({ ...weights, values: leaning }, 'w');
    expect(zeroPoint).toBe(middle);
    expect([...codes]).toEqual(expected);
  });

  it('coarsens the steps for a bias that would pass int32, and keeps zero at its code', () => {
    // 2 · 3e9 / (2³² − 3) is about 1.4: steps of a weight's unit and more.
    const bias = Float32Array.of(3e9);
    const { scales, codes, zeroPoint } = codeWeights({ ...base, values: leaning, bias, format: uint8 }, 'w');
    expect(scales[0]).toBeCloseTo(1.397, 2);
    expect([...codes]).toEqual([0, 0, 1, 1].map((code) => code + zeroPoint));
  });
});
