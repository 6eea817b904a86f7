/** The codes of a layer's weights. */
import { raiseScalesForBias } from './quantize-bias.ts';
import { activationScheme, quantizeValues, rangeOf } from './quantize-activations.ts';
import {
  closestScales,
  quantizeWeights,
  weightScales,
  type QuantizedWeights,
  type WeightScheme,
} from './quantize-weights.ts';
import type { RefinedLayer } from './refine/refined-layer.ts';
import { middleCode, type CodeFormat } from './schemes.ts';

interface WeightsToCode extends WeightScheme {
  readonly values: Float32Array | Float64Array;
  readonly dims: readonly number[];
  readonly bias: Float32Array | undefined;
  /** Of the layer's data; its product with the weights' scale is the bias's. */
  readonly inputScale: number;
  readonly refined: RefinedLayer | undefined;
  /** Whether uint8 weights with one scale may have any zero point. */
  readonly anyZero: boolean;
}

interface CodedWeights {
  readonly scales: Float32Array;
  readonly codes: QuantizedWeights['values'];
  readonly zeroPoint: number;
}

/**
 * Scales, zero point and codes of weights: those that were found otherwise, else rounded to the nearest, with scales that the bias
 * fits. About the middle code; where any zero point is allowed, from the least weight to the greatest, as
 * activations: where weights lean to one side that is up to twice as fine.
 * @param what for messages
 * @throws QUANTIZE_NOT_FINITE when a weight is not finite
 */
export function codeWeights(weights: WeightsToCode, what: string): CodedWeights {
  const { values, dims, axis, format, bias, inputScale, refined } = weights;
  const raised = (scales: Float32Array): Float32Array =>
    bias === undefined ? scales : raiseScalesForBias(scales, inputScale, bias);
  const natural = weightScales(values, dims, { axis, format }, what);
  if (weights.anyZero && axis === null && refined === undefined && isWhole(format)) {
    const { min, max } = rangeOf(values);
    const whole = { ...format, lowest: 0, symmetric: false };
    const [scale = 1] = raised(Float32Array.of(activationScheme({ min, max }, whole).scale));
    const { zeroPoint } = activationScheme({ min, max: min + scale * (whole.highest - whole.lowest) }, whole);
    return {
      scales: Float32Array.of(scale),
      codes: quantizeValues(values, { scale, zeroPoint, format: whole }),
      zeroPoint,
    };
  }
  const scales = raised(refined?.scales ?? closestScales(values, dims, { axis, format, scales: natural }));
  const codes = refined?.codes ?? quantizeWeights(values, dims, { axis, format, scales }).values;
  return { scales, codes, zeroPoint: middleCode(format) };
}

/** All codes of uint8 but the one that makes both sides alike. */
function isWhole({ dtype, lowest, highest }: CodeFormat): boolean {
  return dtype === 'uint8' && lowest === 1 && highest === 255;
}
