import { indexGraph } from '../graph/index-graph.ts';
import type { Graph } from '../graph/ir.ts';
import { tensorValues, withTensorBytes } from '../graph/tensor-data.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { notFinite } from './not-finite.ts';
import type { QuantizationPlan } from './plan-quantization.ts';

/**
 * Looks at the weights and biases of a plan before any data is run: with a NaN among them every range would be NaN too.
 * @throws QUANTIZE_NOT_FINITE naming the layer, the tensor and the element
 */
export function requireFiniteWeights(graph: Graph, plan: QuantizationPlan): void {
  const index = indexGraph(graph);
  for (const { layer, node, weights } of plan.units) {
    for (const at of [weights?.weightInput, weights?.biasInput]) {
      const name = at === undefined ? '' : (node.inputs[at] ?? '');
      const tensor = name === '' ? undefined : constantOf(index, name);
      if (tensor?.dtype !== 'float32') continue;
      const bad = withTensorBytes(tensor, firstNotFinite);
      if (bad >= 0) throw notFinite(`Layer '${layer}', '${name}'`, bad, Number(tensorValues(tensor)[bad]));
    }
  }
}

/**
 * Where the first float32 is that is NaN or infinite, by its exponent, all ones; −1: nowhere. Of the bytes as they lie: numbers that are not
 * aligned would be copied first, all weights of a model once.
 */
function firstNotFinite(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at += 4) {
    if ((bytes[at]! & 0x7f) === 0x7f && bytes[at - 1]! >= 0x80) return (at - 3) / 4;
  }
  return -1;
}
