import { makeGraph, makeModel, makeTensor, makeValueInfo } from '../graph/make.ts';
import type { Model, Node } from '../graph/ir.ts';
import {
  addNode,
  concatNode,
  expandNode,
  matrixProductIntegerNode,
  matrixProductNode,
  maximumNode,
} from '../operators/nodes.ts';
import { seededRandom } from '../tensor/random.ts';

/** What the names of the measured nodes begin with. */
export const PRODUCT = 'product';
export const SUM = 'sum';

/**
 * A product of two square matrices: one made in the runtime (input `length`, its rows), one constant as weights are. The
 * output is a single number, so that nothing large crosses to the caller.
 */
export function productModel(size: number, dtype: 'float32' | 'int8'): Model {
  const random = seededRandom(0);
  const count = size * size;
  const integer = dtype === 'int8';
  const weights = integer
    ? makeTensor(
        'w',
        'int8',
        [size, size],
        Int8Array.from({ length: count }, () => Math.floor(random() * 255) - 127),
      )
    : makeTensor(
        'w',
        'float32',
        [size, size],
        Float32Array.from({ length: count }, () => random() - 0.5),
      );
  const row = integer
    ? makeTensor(
        'row',
        'uint8',
        [1, size],
        Uint8Array.from({ length: size }, () => Math.floor(random() * 256)),
      )
    : makeTensor(
        'row',
        'float32',
        [1, size],
        Float32Array.from({ length: size }, () => random() - 0.5),
      );
  const product = integer ? matrixProductIntegerNode : matrixProductNode;
  return makeModel(
    makeGraph({
      name: 'peak',
      nodes: [
        concatNode(['length', 'one'], 'shape', { attributes: { axis: 0n } }),
        expandNode(['row', 'shape'], 'a'), // the row `length` times: its shape is broadcast with [length, 1]
        product(['a', 'w'], 'y', { name: PRODUCT }),
        maximumNode(['y'], 'largest', { attributes: { keepdims: 0n } }),
      ],
      initializers: [weights, row, makeTensor('one', 'int64', [1], BigInt64Array.of(1n))],
      inputs: [makeValueInfo('length', 'int64', [1])],
      outputs: [makeValueInfo('largest', integer ? 'int32' : 'float32', [])],
    }),
  );
}

/** `count` sums one after the other on arrays of input `length` elements, both made in the runtime. */
export function sumChainModel(count: number): Model {
  const nodes: Node[] = [expandNode(['one', 'length'], 'x0'), expandNode(['half', 'length'], 'c')];
  for (let at = 0; at < count; at++) nodes.push(addNode([`x${at}`, 'c'], `x${at + 1}`, { name: `${SUM}_${at}` }));
  nodes.push(maximumNode([`x${count}`], 'largest', { attributes: { keepdims: 0n } }));
  return makeModel(
    makeGraph({
      name: 'bandwidth',
      nodes,
      initializers: [
        makeTensor('one', 'float32', [1], Float32Array.of(1)),
        makeTensor('half', 'float32', [1], Float32Array.of(0.5)),
      ],
      inputs: [makeValueInfo('length', 'int64', [1])],
      outputs: [makeValueInfo('largest', 'float32', [])],
    }),
  );
}
