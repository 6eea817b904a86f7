import { assert, float, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../../../main/engine/tensor/half.ts';

const ALL = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** IEEE 754 binary16 by its definition. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

describe('float16', () => {
  it('decodes all 65,536 patterns as IEEE 754 defines them', () => {
    const values = float16ToFloat32(ALL);
    expect(ALL.every((bits) => Object.is(values[bits], halfValue(bits)))).toBe(true);
  });

  it('gives every number back', () => {
    const again = float32ToFloat16(float16ToFloat32(ALL));
    expect(ALL.every((bits) => again[bits] === bits || Number.isNaN(halfValue(bits)))).toBe(true);
  });

  it('rounds halves to even', () => {
    // Between 1 (0x3c00) and its neighbours 1 + 2^-10 (0x3c01) and 1 + 2^-9 (0x3c02).
    expect([...float32ToFloat16([1 + 2 ** -11, 1 + 3 * 2 ** -11])]).toEqual([0x3c00, 0x3c02]);
    expect([...float32ToFloat16([65519, 65520, 2 ** -25, 2 ** -25 * 1.5])]).toEqual([0x7bff, 0x7c00, 0, 1]);
  });

  it('rounds to the nearer neighbour, whatever the number', () => {
    assert(
      property(float({ min: -60000, max: 60000, noNaN: true }), (value) => {
        const [bits] = float32ToFloat16([value]);
        const distance = Math.abs(halfValue(bits!) - value);
        const neighbours = [halfValue(bits! - 1), halfValue(bits! + 1)].filter(Number.isFinite);
        return neighbours.every((other) => Math.abs(other - value) >= distance);
      }),
    );
  });
});

describe('bfloat16', () => {
  it('gives every number back', () => {
    const values = bfloat16ToFloat32(ALL);
    const again = float32ToBfloat16(values);
    expect(ALL.every((bits) => again[bits] === bits || Number.isNaN(values[bits]!))).toBe(true);
  });

  it('rounds halves to even and keeps NaN', () => {
    // 1 is 0x3f80; its spacing is 2^-7.
    expect([...float32ToBfloat16([1 + 2 ** -8, 1 + 3 * 2 ** -8, Infinity])]).toEqual([0x3f80, 0x3f82, 0x7f80]);
    const quietless = new Float32Array(Uint32Array.of(0x7f800001).buffer);
    expect(bfloat16ToFloat32(float32ToBfloat16(quietless))[0]).toBeNaN();
  });
});
