/** What there is to choose from when numbers become codes: data, that the algorithms of this room take. */
import type { Int8StaticStep, LayerPrecision, StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { DType } from '../tensor/dtype.ts';

/** The codes of a tensor: x ≈ scale · (code − zero point), lowest ≤ code ≤ highest. */
export interface CodeFormat {
  readonly dtype: Extract<DType, 'uint8' | 'int8' | 'uint16'>;
  readonly lowest: number;
  readonly highest: number;
  /** Whether zero has the middle code. Of activations: of those that take both signs. */
  readonly symmetric: boolean;
}

/** The code in the middle: the zero point of what is symmetric. */
export function middleCode({ lowest, highest }: CodeFormat): number {
  return (lowest + highest + 1) >> 1;
}

const UINT8: CodeFormat = { dtype: 'uint8', lowest: 0, highest: 255, symmetric: false };
/** No integer kernel of the CPU takes them: what reads and gives them computes in float. */
const UINT16: CodeFormat = { dtype: 'uint16', lowest: 0, highest: 65_535, symmetric: false };
const INT8: CodeFormat = { dtype: 'int8', lowest: -128, highest: 127, symmetric: false };

/** Codes whose distance to the zero point is the same on both sides, so that no product is larger than 127 · 127. */
const INT8_WEIGHTS: CodeFormat = { dtype: 'int8', lowest: -127, highest: 127, symmetric: true };
const UINT8_WEIGHTS: CodeFormat = { dtype: 'uint8', lowest: 1, highest: 255, symmetric: true };

/** The codes of a layer: of its weights, and of what it gives. */
export interface LayerFormats {
  readonly activations: CodeFormat;
  readonly weights: CodeFormat;
}

/** Integer kernels by the codes of activations and weights. */
const INTEGER_TYPES: Readonly<Record<Int8StaticStep['types'], LayerFormats>> = {
  u8s8: { activations: UINT8, weights: INT8_WEIGHTS },
  u8u8: { activations: UINT8, weights: UINT8_WEIGHTS },
  s8s8: { activations: INT8, weights: INT8_WEIGHTS },
};

/** A step with everything decided. */
export type ResolvedStep = StaticStep & { readonly reduceRange?: boolean };

/** Codes below and above zero, of weights with fewer bits than the type that holds them. */
const COARSE: Readonly<Record<StaticStep['weightBits'], { readonly down: number; readonly up: number } | undefined>> = {
  8: undefined,
  4: { down: 7, up: 7 },
  2: { down: 2, up: 1 },
};

/**
 * The codes of a layer under a static step, which a policy may give another precision than the step's own: 8 bits in the
 * types that the step names, the weights in 7 bits (64 codes on each side of zero), or activations in 16 bits. Weights of 4 bits
 * have 7 codes on each side of zero, of 2 bits two below it and one above.
 */
export function layerFormats(step: ResolvedStep, precision?: Exclude<LayerPrecision, 'float'>): LayerFormats {
  const { symmetric } = step;
  const bits = precision ?? (step.scheme === 'int8-static' ? 'int8' : 'int16');
  const fewer = precision === undefined ? COARSE[step.weightBits] : undefined;
  if (bits === 'int16') {
    const weights = fewer === undefined ? INT8_WEIGHTS : within(INT8_WEIGHTS, fewer);
    return { activations: { ...UINT16, symmetric }, weights };
  }
  const { activations, weights } = INTEGER_TYPES[step.scheme === 'int8-static' ? step.types : 'u8s8'];
  const reduced = bits === 'int8-7bit' || (precision === undefined && step.reduceRange === true);
  return {
    activations: { ...activations, symmetric },
    weights: fewer !== undefined ? within(weights, fewer) : reduced ? within(weights, { down: 64, up: 64 }) : weights,
  };
}

/** The codes of weights beside activations that become uint8 while the model runs. */
export function dynamicWeightFormat(reduceRange: boolean): CodeFormat {
  return reduceRange ? within(INT8_WEIGHTS, { down: 64, up: 64 }) : INT8_WEIGHTS;
}

/** So many codes on the sides of the middle. */
function within(format: CodeFormat, { down, up }: { readonly down: number; readonly up: number }): CodeFormat {
  const middle = middleCode(format);
  return { ...format, lowest: middle - down, highest: middle + up };
}
