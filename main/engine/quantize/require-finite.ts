import { indexGraph } from '../graph/index-graph.ts';
import type { Graph } from '../graph/ir.ts';
import { constantFloats } from '../operators/constant-behind.ts';
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
      const values = name === '' ? undefined : constantFloats(index, name)?.values;
      const bad = values?.findIndex((value) => !Number.isFinite(value)) ?? -1;
      if (bad >= 0) throw notFinite(`Layer '${layer}', '${name}'`, bad, values![bad]!);
    }
  }
}
