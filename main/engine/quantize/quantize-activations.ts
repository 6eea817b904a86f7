import { roundHalfEven } from '../tensor/rounding.ts';
import { SMALLEST_NORMAL_FLOAT32, clamp, float32Below } from './rounding.ts';
import { middleCode, type CodeFormat } from './schemes.ts';

/** The least and greatest value that a tensor took. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** x ≈ scale · (code − zeroPoint), with the codes of the format. */
export interface ActivationScheme {
  /** float32, positive. */
  readonly scale: number;
  readonly zeroPoint: number;
  readonly format: CodeFormat;
}

/**
 * Parameters of an activation: the range is widened to contain 0 (padding and Relu need an exact zero), scale =
 * (max − min) / (highest − lowest), zero point = lowest − round(min / scale). Symmetric, where there are both signs: zero has
 * the middle code, and the larger side decides.
 *
 * A range that starts at 0 gets a scale whose steps do not pass `max` even by a rounding of float32: the runtime
 * removes a Clip(0, 6) before the QuantizeLinear only when all codes lie inside the clip.
 * @see FACTS: ONNX Runtime's ReluQuantFusion and ClipQuantFusion
 */
export function activationScheme(range: Range, format: CodeFormat): ActivationScheme {
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  const { lowest, highest } = format;
  const middle = middleCode(format);
  const centred = format.symmetric && min < 0 && max > 0;
  const steps = highest - lowest;
  let scale = Math.fround(centred ? Math.max(-min, max) / (highest - middle) : (max - min) / steps);
  if (!(scale >= SMALLEST_NORMAL_FLOAT32)) return { scale: 1, zeroPoint: lowest, format };
  if (centred) return { scale, zeroPoint: middle, format };
  if (min === 0) {
    while (Math.fround(scale * steps) > max) scale = float32Below(scale);
  }
  return { scale, zeroPoint: clamp(roundHalfEven(lowest - min / scale), lowest, highest), format };
}

/** Codes of constant values (the constant side of an Add, say) under `scheme`. */
export function quantizeValues(
  values: Float32Array | Float64Array,
  { scale, zeroPoint, format: { dtype, lowest, highest } }: ActivationScheme,
): Uint8Array | Int8Array | Uint16Array {
  const codes = codesOf(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const steps = roundHalfEven(Math.fround(Math.fround(values[i]!) / scale));
    codes[i] = clamp(steps + zeroPoint, lowest, highest);
  }
  return codes;
}

/** An array for so many codes. */
export function codesOf(dtype: CodeFormat['dtype'], count: number): Uint8Array | Int8Array | Uint16Array {
  if (dtype === 'uint16') return new Uint16Array(count);
  return dtype === 'uint8' ? new Uint8Array(count) : new Int8Array(count);
}

/** The range of constant values; {min: 0, max: 0} when there are none. */
export function rangeOf(values: Float32Array | Float64Array): Range {
  let min = 0;
  let max = 0;
  for (const value of values) {
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max };
}
