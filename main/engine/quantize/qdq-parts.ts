import { assert } from '../../base/errors.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { withTensorValues } from '../graph/tensor-data.ts';
import { dataChannels } from '../operators/axes.ts';
import { constantOf, floatDims } from '../operators/constant-behind.ts';
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

/**
 * Hands the weights of a layer, times Gemm's alpha, to `work`; nothing that it gives may be a view on them (see `withTensorValues`).
 */
export function withWeights<T>(
  index: GraphIndex,
  { unit: { layer, node, weights }, alpha }: { readonly unit: Unit; readonly alpha: number },
  work: (values: Float32Array, dims: readonly number[]) => T,
): T {
  const tensor = constantOf(index, weights === undefined ? '' : (node.inputs[weights.weightInput] ?? ''));
  assert(tensor !== undefined, `the weights of '${layer}' are a constant`);
  return withTensorValues(tensor, (values) => {
    assert(values instanceof Float32Array, `the weights of '${layer}' are float32`);
    return work(alpha === 1 ? values : values.map((value) => value * alpha), tensor.dims);
  });
}

/** The same as an array of one's own, made each time that it is asked for. */
export function weightsOf(index: GraphIndex, unit: Unit, alpha: number): () => Float32Array {
  return () => withWeights(index, { unit, alpha }, (values) => values.slice());
}
