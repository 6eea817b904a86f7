import { floatAttribute, floatsAttribute, tensorAttribute } from '../graph/attributes.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';

/**
 * The tensor that a value always is: an initializer, a Constant node's value, or either behind Identity nodes.
 * @returns undefined when the value is computed, fed or sparse
 */
export function constantOf(index: GraphIndex, value: string): Tensor | undefined {
  let name = value;
  // Each step goes to an earlier node; the bound only guards against a ring in a broken model.
  for (let steps = 0; steps < 64; steps++) {
    const initializer = index.initializer(name);
    if (initializer !== undefined) return initializer;
    const producer = index.producer(name);
    if (producer === undefined || producer.domain !== '') return undefined;
    if (producer.opType === 'Constant') return tensorOfConstant(producer, name);
    if (producer.opType !== 'Identity') return undefined;
    name = producer.inputs[0] ?? '';
  }
  return undefined;
}

function tensorOfConstant(node: Node, name: string): Tensor | undefined {
  const tensor = tensorAttribute(node, 'value');
  if (tensor !== undefined) return tensor;
  const scalar = floatAttribute(node, 'value_float');
  if (scalar !== undefined) return makeTensor(name, 'float32', [], Float32Array.of(scalar));
  const vector = floatsAttribute(node, 'value_floats');
  if (vector !== undefined) return makeTensor(name, 'float32', [vector.length], Float32Array.from(vector));
  return undefined;
}

/** The float32 elements of a constant value; undefined when it is not constant or of another type. */
export function constantFloats(index: GraphIndex, value: string): { tensor: Tensor; values: Float32Array } | undefined {
  const tensor = constantOf(index, value);
  if (tensor === undefined || tensor.dtype !== 'float32') return undefined;
  const values = tensorValues(tensor);
  return values instanceof Float32Array ? { tensor, values } : undefined;
}
