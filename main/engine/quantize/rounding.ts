/** The smallest normal float32: a smaller scale would be flushed to zero by some kernels. */
export const SMALLEST_NORMAL_FLOAT32 = 1.1754943508222875e-38;

/** `value` limited to [low, high]. */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

const float32 = new Float32Array(1);
const bits32 = new Int32Array(float32.buffer);

/** The next float32 below a positive, finite float32. */
export function float32Below(value: number): number {
  float32[0] = value;
  bits32[0] = bits32[0]! - 1;
  return float32[0];
}

/** The next float32 above a positive, finite float32. */
export function float32Above(value: number): number {
  float32[0] = value;
  bits32[0] = bits32[0]! + 1;
  return float32[0];
}
