import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node } from '../graph/ir.ts';
import { constantOf } from './constant-behind.ts';

const GELU = 'part of a GELU, which the runtime runs as one float kernel';

/**
 * Layers that the runtime would fuse into one float kernel, and that quantization would tear apart: the operators of
 * x · ½ · (1 + erf(x / √2)) in the orders in which exporters write them.
 * @returns why each of them stays float
 */
export function floatPatterns(index: GraphIndex): ReadonlyMap<Node, string> {
  const kept = new Map<Node, string>();
  for (const erf of index.graph.nodes) {
    if (erf.opType !== 'Erf') continue;
    const scaled = index.producer(erf.inputs[0] ?? '');
    if (scaled !== undefined && isScaling(index, scaled)) kept.set(scaled, GELU);
    const plusOne = onlyConsumer(index, erf);
    if (plusOne?.opType !== 'Add') continue;
    kept.set(plusOne, GELU);
    const product = onlyConsumer(index, plusOne);
    if (product?.opType !== 'Mul') continue;
    kept.set(product, GELU);
    const other = index.producer(product.inputs.find((value) => value !== plusOne.outputs[0]) ?? '');
    if (other !== undefined && isScaling(index, other)) kept.set(other, GELU);
    const halved = onlyConsumer(index, product);
    if (halved !== undefined && isScaling(index, halved)) kept.set(halved, GELU);
  }
  return kept;
}

function onlyConsumer(index: GraphIndex, node: Node): Node | undefined {
  const output = node.outputs[0] ?? '';
  const consumers = index.consumers(output);
  return consumers.length === 1 && !index.isOutput(output) ? consumers[0] : undefined;
}

/** Mul or Div by one constant number. */
function isScaling(index: GraphIndex, node: Node): boolean {
  if (node.opType !== 'Mul' && node.opType !== 'Div') return false;
  return node.inputs.some((value) => constantOf(index, value)?.dims.every((dim) => dim === 1) === true);
}
