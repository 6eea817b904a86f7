import { roundHalfEven } from '../tensor/rounding.ts';
import { float32Above } from './rounding.ts';

/** 2³¹ − 1 less the margin that keeps a rounded code inside int32. */
const LARGEST_CODE = 2 ** 31 - 1.5;

/**
 * Raises weight scales where a bias would not fit in int32: the runtime fuses only when the bias scale is exactly
 * inputScale · weightScale, so a bias that is large against a tiny weight scale must coarsen the weights, and it must
 * do so before they are quantized.
 * @param weightScales one for each channel, or one for all; not modified
 * @param bias one for each output channel
 * @see the rule s_x·s_w ≥ 1.0001·2|b| / (2³² − 3)
 */
export function raiseScalesForBias(
  weightScales: Float32Array,
  inputScale: number,
  bias: Float32Array | Float64Array,
): Float32Array {
  const raised = weightScales.slice();
  for (let channel = 0; channel < bias.length; channel++) {
    const at = raised.length === 1 ? 0 : channel;
    const least = (1.0001 * 2 * Math.abs(bias[channel]!)) / (2 ** 32 - 3);
    if (raised[at]! * inputScale >= least) continue;
    let scale = Math.fround(least / inputScale);
    while (Math.fround(scale * inputScale) < least) scale = float32Above(scale);
    raised[at] = scale;
  }
  return raised;
}

/**
 * int32 bias with zero point 0 and scale inputScale · weightScale, computed in float32 as the runtime does.
 * @returns values int32 [M]; scales float32 [M], or [1] with one weight scale
 */
export function quantizeBias(
  bias: Float32Array | Float64Array,
  inputScale: number,
  weightScales: Float32Array,
): { values: Int32Array; scales: Float32Array } {
  const scales = weightScales.map((scale) => Math.fround(inputScale * scale));
  const values = Int32Array.from(bias, (value, channel) => {
    const code = roundHalfEven(value / scales[scales.length === 1 ? 0 : channel]!);
    return Math.max(-LARGEST_CODE, Math.min(LARGEST_CODE, code));
  });
  return { values, scales };
}
