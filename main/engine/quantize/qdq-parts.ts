import { assert } from '../../base/errors.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { dataChannels } from '../operators/axes.ts';
import { constantFloats, floatDims } from '../operators/constant-behind.ts';
import { codesOf } from './quantize-activations.ts';
import type { CodeFormat } from './schemes.ts';
import type { Unit } from './unit.ts';

/** The same zero point for each of `dims`. */
export function zeroPoints(dtype: CodeFormat['dtype'], dims: readonly number[], zeroPoint: number): Tensor {
  return makeTensor('', dtype, dims, codesOf(dtype, dims[0] ?? 1).fill(zeroPoint));
}

/** Channels (axis 1) of the data input of a layer that the runtime would quantize by itself; undefined for others. */
export function inputChannels(node: Node, index: GraphIndex): number | undefined {
  const dims = floatDims(index, node.inputs[1] ?? '');
  return dims === undefined ? undefined : dataChannels(node, dims);
}

/**
 * The tensor of the float model that a written pair is about, by what goes in and what comes out: the pair's result has a name
 * of its own behind a tensor that stays as it is, and else that of the tensor itself.
 */
export function tensorOfPair(value: string, real: string): string {
  return real.startsWith(`${value}_`) ? value : real;
}

/** The weights of a layer times Gemm's alpha. */
export function scaledWeights(
  index: GraphIndex,
  { layer, node, weights }: Unit,
  alpha: number,
): { readonly values: Float32Array; readonly dims: readonly number[] } {
  const weight = constantFloats(index, weights === undefined ? '' : (node.inputs[weights.weightInput] ?? ''));
  assert(weight !== undefined, `the weights of '${layer}' are a float32 constant`);
  const values = alpha === 1 ? weight.values : weight.values.map((value) => value * alpha);
  return { values, dims: weight.tensor.dims };
}

/** The same, made each time that they are asked for. */
export function weightsOf(index: GraphIndex, unit: Unit, alpha: number): () => Float32Array {
  return () => scaledWeights(index, unit, alpha).values;
}
