import { intAttribute } from '../graph/attributes.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { constantOf } from '../operators/constant-behind.ts';
import type { NumericArray } from '../tensor/numeric.ts';

/** Constant codes with their scales. */
export interface StoredCodes {
  readonly codes: Tensor;
  readonly values: NumericArray;
  readonly scales: NumericArray;
  /** Absent: all 0. */
  readonly zeroPoints: NumericArray | undefined;
  /** Place of the scale of element i. */
  readonly scaleOf: (element: number) => number;
  /** Axis with scales of its own; undefined: one scale for all. */
  readonly axis: number | undefined;
}

/**
 * The constant codes behind a DequantizeLinear or before a kernel that takes codes, scale and zero point.
 * @param operands names of codes, scale and zero point ('' : none)
 * @param axis of scales by channel; default 1, as DequantizeLinear has it
 * @param blockSize elements of the axis that share a scale; 0: the whole axis position has one
 * @returns undefined where one of them is computed, or the scales do not fit the codes
 */
export function storedCodes(
  index: GraphIndex,
  operands: readonly (string | undefined)[],
  { axis = 1, blockSize = 0 }: { readonly axis?: number; readonly blockSize?: number } = {},
): StoredCodes | undefined {
  const [codes, scale, zeroPoint] = operands.map((name) => (name ? constantOf(index, name) : undefined));
  if (codes === undefined || scale === undefined || (operands[2] && zeroPoint === undefined)) return undefined;
  const { dims } = codes;
  const scales = tensorValues(scale);
  const at = axis < 0 ? axis + dims.length : axis;
  const inner = dims.slice(at + 1).reduce((product, size) => product * size, 1);
  const length = dims[at] ?? 1;
  let scaleOf: (element: number) => number;
  if (scales.length === 1) scaleOf = () => 0;
  else if (blockSize > 0) {
    const blocks = Math.ceil(length / blockSize);
    scaleOf = (element) => {
      const channel = Math.floor(element / inner) % length;
      const outer = Math.floor(element / (inner * length));
      return (outer * blocks + Math.floor(channel / blockSize)) * inner + (element % inner);
    };
  } else if (scales.length === length) scaleOf = (element) => Math.floor(element / inner) % length;
  else return undefined;
  return {
    codes,
    values: tensorValues(codes),
    scales,
    zeroPoints: zeroPoint === undefined ? undefined : tensorValues(zeroPoint),
    scaleOf,
    axis: scales.length === 1 ? undefined : at,
  };
}

/** The constant codes that a DequantizeLinear reads; undefined where they, or their scales, are computed. */
export function codesBehind(index: GraphIndex, dequantize: Node): StoredCodes | undefined {
  return storedCodes(index, dequantize.inputs, {
    axis: intAttribute(dequantize, 'axis', 1),
    blockSize: intAttribute(dequantize, 'block_size', 0),
  });
}

/** What codes stand for, float32 of the same shape: (code − zero point)·scale, rounded as DequantizeLinear does. */
export function dequantize(name: string, { codes, values, scales, zeroPoints, scaleOf }: StoredCodes): Tensor {
  const real = new Float32Array(values.length);
  for (let i = 0; i < real.length; i++) {
    const at = scaleOf(i);
    const zero = zeroPoints === undefined ? 0 : Number(zeroPoints.length === 1 ? zeroPoints[0] : zeroPoints[at]);
    real[i] = Math.fround((Number(values[i]) - zero) * Number(scales[at]));
  }
  return makeTensor(name, 'float32', codes.dims, real);
}
