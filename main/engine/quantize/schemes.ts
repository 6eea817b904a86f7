/** What there is to choose from when numbers become codes: data, that the algorithms of this room take. */
import type { Int8StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { DType } from '../tensor/dtype.ts';

/** The codes of a tensor: x ≈ scale · (code − zero point), lowest ≤ code ≤ highest. */
export interface CodeFormat {
  readonly dtype: Extract<DType, 'uint8' | 'int8'>;
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
const INT8: CodeFormat = { dtype: 'int8', lowest: -128, highest: 127, symmetric: false };

/** Codes whose distance to the zero point is the same on both sides, so that no product is larger than 127 · 127. */
const INT8_WEIGHTS: CodeFormat = { dtype: 'int8', lowest: -127, highest: 127, symmetric: true };
const UINT8_WEIGHTS: CodeFormat = { dtype: 'uint8', lowest: 1, highest: 255, symmetric: true };

/** Integer kernels by the codes of activations and weights. */
const INTEGER_TYPES: Readonly<
  Record<Int8StaticStep['types'], { readonly activations: CodeFormat; readonly weights: CodeFormat }>
> = {
  u8s8: { activations: UINT8, weights: INT8_WEIGHTS },
  u8u8: { activations: UINT8, weights: UINT8_WEIGHTS },
  s8s8: { activations: INT8, weights: INT8_WEIGHTS },
};

/** Codes of what a step of static int8 asks for. A reduced range: weights in 7 bits, 64 codes on each side of zero. */
export function int8Formats({
  types,
  symmetric,
  reduceRange,
}: Pick<Int8StaticStep, 'types' | 'symmetric'> & { readonly reduceRange: boolean }): {
  readonly activations: CodeFormat;
  readonly weights: CodeFormat;
} {
  const { activations, weights } = INTEGER_TYPES[types];
  const middle = middleCode(weights);
  return {
    activations: { ...activations, symmetric },
    weights: reduceRange ? { ...weights, lowest: middle - 64, highest: middle + 64 } : weights,
  };
}
