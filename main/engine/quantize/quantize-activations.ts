import { roundHalfEven } from '../tensor/rounding.ts';
import { SMALLEST_NORMAL_FLOAT32, clamp, float32Below } from './rounding.ts';

/** The least and greatest value that a tensor took. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** x ≈ scale · (q − zeroPoint), q in 0…255. */
export interface ActivationScheme {
  /** float32, positive. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Asymmetric uint8 parameters of an activation: the range is widened to contain 0 (padding and Relu need an exact zero),
 * scale = (max − min) / 255, zero point = round(−min / scale).
 *
 * A range that starts at 0 gets a scale whose 255 steps do not pass `max` even by a rounding of float32: the runtime
 * removes a Clip(0, 6) before the QuantizeLinear only when all 256 codes lie inside the clip.
 * @see FACTS: ONNX Runtime's ReluQuantFusion and ClipQuantFusion
 */
export function activationScheme(range: Range): ActivationScheme {
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  let scale = Math.fround((max - min) / 255);
  if (!(scale >= SMALLEST_NORMAL_FLOAT32)) return { scale: 1, zeroPoint: 0 };
  if (min === 0) {
    while (Math.fround(scale * 255) > max) scale = float32Below(scale);
  }
  return { scale, zeroPoint: clamp(roundHalfEven(0 - min / scale), 0, 255) };
}

/** Codes of constant values (the constant side of an Add, say) under `scheme`. */
export function quantizeToUint8(values: Float32Array | Float64Array, scheme: ActivationScheme): Uint8Array {
  return Uint8Array.from(values, (value) =>
    clamp(roundHalfEven(Math.fround(Math.fround(value) / scheme.scale)) + scheme.zeroPoint, 0, 255),
  );
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
