/**
 * Floats of eight bits and fewer. Each format has few enough values to be a table; encoding finds the nearest entry, ties
 * to the even code, as the ONNX Cast operator does with saturation on.
 * @see ONNX documentation "Float stored in 8 bits", "Float stored in 4 bits"; OCP Microscaling Formats 1.0
 */
import { assert } from '../../base/errors.ts';
import type { DType } from './dtype.ts';

/** Element types of eight bits and fewer that hold floats. */
export type MiniFloat =
  'float8e4m3fn' | 'float8e4m3fnuz' | 'float8e5m2' | 'float8e5m2fnuz' | 'float8e8m0' | 'float4e2m1';

interface Format {
  readonly bits: number;
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  readonly signed: boolean;
  /** ieee: the top exponent holds Inf and NaN; fn: only S.111…111 is NaN; fnuz: only 1000…0 is NaN; none: no NaN. */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'none' | 'e8m0';
}

const FORMATS: Readonly<Record<MiniFloat, Format>> = {
  float8e4m3fn: { bits: 8, exponent: 4, mantissa: 3, bias: 7, signed: true, special: 'fn' },
  float8e4m3fnuz: { bits: 8, exponent: 4, mantissa: 3, bias: 8, signed: true, special: 'fnuz' },
  float8e5m2: { bits: 8, exponent: 5, mantissa: 2, bias: 15, signed: true, special: 'ieee' },
  float8e5m2fnuz: { bits: 8, exponent: 5, mantissa: 2, bias: 16, signed: true, special: 'fnuz' },
  float8e8m0: { bits: 8, exponent: 8, mantissa: 0, bias: 127, signed: false, special: 'e8m0' },
  float4e2m1: { bits: 4, exponent: 2, mantissa: 1, bias: 1, signed: true, special: 'none' },
};

/** Whether the type is a float of eight bits or fewer. */
export function isMiniFloat(dtype: DType): dtype is MiniFloat {
  return dtype in FORMATS;
}

function codeValue(format: Format, code: number): number {
  if (format.special === 'e8m0') return code === 0xff ? NaN : 2 ** (code - format.bias);
  const signBit = 1 << (format.bits - 1);
  const magnitude = code & (signBit - 1);
  const sign = code & signBit ? -1 : 1;
  const topExponent = (1 << format.exponent) - 1;
  const exponent = magnitude >> format.mantissa;
  const fraction = magnitude & ((1 << format.mantissa) - 1);
  if (format.special === 'fnuz' && code === signBit) return NaN;
  if (format.special === 'fn' && magnitude === signBit - 1) return NaN;
  if (format.special === 'ieee' && exponent === topExponent) return fraction === 0 ? sign * Infinity : NaN;
  const unit = 2 ** -format.mantissa;
  if (exponent === 0) return sign * fraction * unit * 2 ** (1 - format.bias);
  return sign * (1 + fraction * unit) * 2 ** (exponent - format.bias);
}

const tables = new Map<MiniFloat, Float32Array>();

/** The value of every code of the format, indexed by code; length 256 or 16. Shared: do not modify. */
export function miniFloatTable(dtype: MiniFloat): Float32Array {
  const known = tables.get(dtype);
  if (known) return known;
  const format = FORMATS[dtype];
  const table = Float32Array.from({ length: 1 << format.bits }, (_, code) => codeValue(format, code));
  tables.set(dtype, table);
  return table;
}

/** Decodes one code a byte. */
export function decodeMiniFloats(dtype: MiniFloat, codes: Uint8Array): Float32Array {
  const table = miniFloatTable(dtype);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]!]!;
  return values;
}

/** Positive finite codes ascend in value, so the nearest one is found by bisection. */
function nearestCode(table: Float32Array, last: number, magnitude: number): number {
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle]! <= magnitude) low = middle;
    else high = middle;
  }
  const below = magnitude - table[low]!;
  const above = table[high]! - magnitude;
  if (below < above) return low;
  if (above < below) return high;
  return low % 2 === 0 ? low : high;
}

function lastFiniteCode(dtype: MiniFloat): number {
  const table = miniFloatTable(dtype);
  const format = FORMATS[dtype];
  let code = format.signed ? (1 << (format.bits - 1)) - 1 : (1 << format.bits) - 1;
  while (!Number.isFinite(table[code]!)) code--;
  return code;
}

/**
 * Rounds to the nearest value of the format, ties to the even code, saturating at the largest finite value. NaN becomes
 * the format's NaN. One code a byte.
 * @throws INTERNAL for NaN in float4e2m1, and for zero, negative values and NaN's absence in float8e8m0
 */
export function encodeMiniFloats(dtype: MiniFloat, values: ArrayLike<number>): Uint8Array {
  const format = FORMATS[dtype];
  const table = miniFloatTable(dtype);
  const last = lastFiniteCode(dtype);
  const signBit = format.signed ? 1 << (format.bits - 1) : 0;
  const nan = format.special === 'fnuz' ? signBit : format.special === 'e8m0' ? 0xff : signBit - 1;
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      assert(format.special !== 'none', `${dtype} holds no NaN, got one at ${i}`);
      codes[i] = nan;
      continue;
    }
    assert(format.signed || value > 0, `${dtype} holds positive values only, got ${value} at ${i}`);
    const code = nearestCode(table, last, Math.abs(value));
    const negative = value < 0 || Object.is(value, -0);
    // fnuz has no negative zero: its code is the NaN.
    codes[i] = negative && !(code === 0 && format.special === 'fnuz') ? code | signBit : code;
  }
  return codes;
}
