import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { roleOf } from './ask.ts';
import { constantOf } from './constant-behind.ts';
import { NodeAttributes } from './node-attributes.ts';
import type { ClipBounds } from './spec.ts';

/**
 * The limits of a Relu or Clip; undefined when they are computed, or when 0 lies outside of them (the range of a
 * quantized tensor always contains 0, so it could not stand for such a clip).
 */
export function clipBounds(node: Node, index: GraphIndex): ClipBounds | undefined {
  const role = roleOf(node);
  if (role.kind !== 'clip') return undefined;
  const bounds = role.bounds({
    attributes: new NodeAttributes(node),
    number: (input) => {
      const value = node.inputs[input] ?? '';
      if (value === '') return null;
      const tensor = constantOf(index, value);
      const element = tensor === undefined ? undefined : tensorValues(tensor)[0];
      return typeof element === 'number' ? element : undefined;
    },
  });
  return bounds === undefined || bounds.low > 0 || bounds.high <= 0 ? undefined : bounds;
}
