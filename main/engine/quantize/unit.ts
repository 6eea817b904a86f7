import { intAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import type { ClipBounds } from '../operators/spec.ts';

/** The constant operands of a weighted layer. */
export interface WeightOperands {
  readonly weightInput: number;
  /** undefined: the layer has no bias. */
  readonly biasInput: number | undefined;
  /** Weight axis with a scale for each channel; undefined: one scale for all. */
  readonly channelAxis: number | undefined;
}

/**
 * A layer that is to run in integers, with the activation that disappears into its output range.
 * - `weighted`: activation × constant weights (Conv, Gemm, MatMul)
 * - `elementwise`: activations only, constants become uint8 (Add, Mul, Concat, pools, MatMul of two activations)
 * - `passthrough`: moves values; output shares scale and zero point with the input
 */
export interface Unit {
  readonly kind: 'weighted' | 'elementwise' | 'passthrough';
  /** Name of the layer. */
  readonly layer: string;
  readonly node: Node;
  /** Positions of the inputs that are activations. */
  readonly dataInputs: readonly number[];
  /** Positions of constant inputs that become uint8 constants. */
  readonly constantInputs: readonly number[];
  readonly weights: WeightOperands | undefined;
  /** A Relu or Clip that the output range replaces, and its layer name. */
  readonly absorbed: { readonly node: Node; readonly layer: string; readonly bounds: ClipBounds } | undefined;
  /** Whether the output is quantized; otherwise the kernel takes integers and gives float32 (MatMul, Gemm). */
  readonly quantizesOutput: boolean;
}

/** The values that the unit makes, after its absorbed activation; left-out outputs are not among them. */
export function unitOutputs(unit: Unit): readonly string[] {
  return (unit.absorbed?.node ?? unit.node).outputs.filter((value) => value !== '');
}

/** The activations that the unit takes. */
export function unitInputs(unit: Unit): readonly string[] {
  return unit.dataInputs.map((at) => unit.node.inputs[at] ?? '');
}

/** Whether it is a convolution of many small groups, for which integer kernels bring little or cost time. */
export function isDepthwise({ node }: Unit): boolean {
  return intAttribute(node, 'group', 1) > 8;
}
