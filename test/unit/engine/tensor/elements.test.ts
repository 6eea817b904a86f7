import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeElements } from '../../../../main/engine/tensor/decode.ts';
import { storageBytes, type DType } from '../../../../main/engine/tensor/dtype.ts';
import { encodeElements } from '../../../../main/engine/tensor/encode.ts';
import { miniFloatTable, type MiniFloat } from '../../../../main/engine/tensor/minifloat.ts';
import type { NumericArray } from '../../../../main/engine/tensor/numeric.ts';
import { roundHalfEven } from '../../../../main/engine/tensor/rounding.ts';

const MINI_FLOATS: readonly MiniFloat[] = [
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float8e8m0',
  'float4e2m1',
];

const INTEGER_RANGES: readonly (readonly [DType, number, number])[] = [
  ['bool', 0, 1],
  ['int8', -128, 127],
  ['uint8', 0, 255],
  ['int16', -32768, 32767],
  ['uint16', 0, 65535],
  ['int32', -2147483648, 2147483647],
  ['uint32', 0, 4294967295],
  ['int4', -8, 7],
  ['uint4', 0, 15],
  ['int2', -2, 1],
  ['uint2', 0, 3],
];

const rounded = (values: number[]) => [
  ...decodeElements('float4e2m1', encodeElements('float4e2m1', Float32Array.from(values)), values.length),
];

describe('storage of elements', () => {
  it.each(INTEGER_RANGES)('gives back all %s, whatever their number', (dtype, min, max) => {
    assert(
      property(array(integer({ min, max })), (numbers) => {
        const bytes = encodeElements(dtype, Float64Array.from(numbers));
        expect(bytes.length).toBe(storageBytes(dtype, numbers.length));
        expect(Array.from(decodeElements(dtype, bytes, numbers.length) as ArrayLike<number>)).toEqual(numbers);
      }),
      { numRuns: 50 },
    );
  });

  it.each(INTEGER_RANGES)('refuses what %s cannot hold', (dtype, min, max) => {
    for (const value of [min - 1, max + 1, 0.5, NaN]) {
      expect(() => encodeElements(dtype, Float64Array.of(value))).toThrow(
        expect.objectContaining({ code: 'INTERNAL' }),
      );
    }
  });

  it('gives back float32, float64, int64, uint64 and complex bit by bit', () => {
    const cases: readonly (readonly [DType, NumericArray, number])[] = [
      ['float32', Float32Array.of(0.1, -0, Infinity, NaN), 4],
      ['float64', Float64Array.of(0.1, 2 ** -1074), 2],
      ['int64', BigInt64Array.of(-(2n ** 63n), 5n), 2],
      ['uint64', BigUint64Array.of(2n ** 64n - 1n), 1],
      ['complex64', Float32Array.of(1, 2, 3, 4), 2],
      ['complex128', Float64Array.of(1, 2), 1],
    ];
    for (const [dtype, values, count] of cases) {
      expect(decodeElements(dtype, encodeElements(dtype, values), count)).toEqual(values);
    }
  });

  it('is viewed without a copy where it is aligned, and copied where it is not', () => {
    const bytes = new Uint8Array(12);
    expect(decodeElements('float32', bytes.subarray(4), 2).buffer).toBe(bytes.buffer);
    bytes.set(new Uint8Array(Float32Array.of(1.5).buffer), 1);
    expect([...decodeElements('float32', bytes.subarray(1), 1)]).toEqual([1.5]);
    const values = Float32Array.of(1);
    expect(encodeElements('float32', values).buffer).toBe(values.buffer);
  });

  it('puts the first of the small elements into the lowest bits', () => {
    expect([...encodeElements('int4', Int8Array.of(1, -2, 7))]).toEqual([0xe1, 0x07]);
    expect([...encodeElements('uint2', Uint8Array.of(1, 2, 3, 0, 1))]).toEqual([0b00111001, 1]);
  });

  it('refuses too few bytes, and texts', () => {
    expect(() => decodeElements('float32', new Uint8Array(7), 2)).toThrow(/need 8 bytes, got 7/);
    expect(() => decodeElements('string', new Uint8Array(), 0)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('floats of eight bits and fewer', () => {
  it('have the values that their standards list', () => {
    // Largest finite, smallest subnormal: ONNX "Float stored in 8 bits", OCP Microscaling 1.0.
    expect(miniFloatTable('float8e4m3fn')[0x7e]).toBe(448);
    expect(miniFloatTable('float8e4m3fn')[0x01]).toBe(2 ** -9);
    expect(miniFloatTable('float8e4m3fn')[0x7f]).toBeNaN();
    expect(miniFloatTable('float8e4m3fnuz')[0x7f]).toBe(240);
    expect(miniFloatTable('float8e4m3fnuz')[0x80]).toBeNaN();
    expect(miniFloatTable('float8e5m2')[0x7b]).toBe(57344);
    expect(miniFloatTable('float8e5m2')[0xfc]).toBe(-Infinity);
    expect(miniFloatTable('float8e5m2fnuz')[0x7f]).toBe(57344);
    expect(miniFloatTable('float8e8m0')[0x7f]).toBe(1);
    expect([...miniFloatTable('float4e2m1').subarray(0, 8)]).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6]);
  });

  it.each(MINI_FLOATS)('%s gives every code back', (dtype) => {
    const table = miniFloatTable(dtype);
    const codes = [...table.keys()].filter((code) => Number.isFinite(table[code]!));
    const values = Float32Array.from(codes, (code) => table[code]!);
    expect([...decodeElements(dtype, encodeElements(dtype, values), codes.length)]).toEqual([...values]);
  });

  it('round halves to the even code and saturate', () => {
    expect(rounded([0.25, 0.75, 2.5, 5, 100, -100])).toEqual([0, 1, 2, 4, 6, -6]);
  });
});

describe('roundHalfEven', () => {
  it('rounds halves to the even integer', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 2.51].map(roundHalfEven)).toEqual([0, 2, 2, 0, -2, -2, 0, 3]);
  });
});
