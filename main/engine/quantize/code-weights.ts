/** The codes of a layer's weights. */
import type { GraphIndex } from '../graph/index-graph.ts';
import { withWeights } from './qdq-parts.ts';
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
import { splitWeights } from './split-inputs.ts';
import type { Unit } from './unit.ts';

interface CodeSettings extends WeightScheme {
  readonly bias: Float32Array | undefined;
  /** Of the layer's data; its product with the weights' scale is the bias's. */
  readonly inputScale: number;
  readonly refined: RefinedLayer | undefined;
  /** Whether uint8 weights with one scale may have any zero point. */
  readonly anyZero: boolean;
}

interface WeightsToCode extends CodeSettings {
  readonly values: Float32Array | Float64Array;
  readonly dims: readonly number[];
}

interface CodedWeights {
  readonly scales: Float32Array;
  readonly codes: QuantizedWeights['values'];
  readonly zeroPoint: number;
}

interface CodedUnit extends CodedWeights {
  readonly dims: readonly number[];
}

/** Of each layer the codes that were found last, and what they were found for. */
export class KnownCodes {
  readonly #known = new Map<string, { readonly by: string; readonly coded: CodedUnit }>();

  of(layer: string, by: string, find: () => CodedUnit): CodedUnit {
    const known = this.#known.get(layer);
    if (known?.by === by) return known.coded;
    const coded = find();
    this.#known.set(layer, { by, coded });
    return coded;
  }
}

/**
 * Scales, zero point and codes of a layer's weights: those that were found otherwise, else rounded to the nearest (see `codeWeights`).
 * @param unit.alpha  of a Gemm
 * @param unit.split  whether its input is held in two codes
 * @param known       of plans of the same graph that were written before: with other layers in float, codes are the same. Each plan with codes
 * of its own took, for 570 M weights that were timed in five ways, 2.3 GB
 * @throws QUANTIZE_NOT_FINITE when a weight is not finite
 */
export function codeUnit(
  index: GraphIndex,
  {
    unit,
    alpha,
    split,
    ...by
  }: CodeSettings & { readonly unit: Unit; readonly alpha: number; readonly split: boolean },
  known: KnownCodes | undefined,
): CodedUnit {
  const weights = unit.node.inputs[unit.weights?.weightInput ?? 0] ?? '';
  const find = (): CodedUnit =>
    withWeights(index, { unit, alpha }, (values, own) => {
      const whole = split ? splitWeights(values, own) : { values, dims: own };
      return { dims: whole.dims, ...codeWeights({ ...whole, ...by }, `Layer '${unit.layer}', weights '${weights}'`) };
    });
  if (known === undefined || by.refined !== undefined) return find();
  const { axis, format, inputScale, anyZero, bias } = by;
  const settings = [weights, alpha, split, axis, format, inputScale, anyZero, bias === undefined];
  return known.of(unit.layer, JSON.stringify(settings), find);
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
