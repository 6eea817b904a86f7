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
      const bad = values === undefined ? -1 : firstNotFinite(values);
      if (bad >= 0) throw notFinite(`Layer '${layer}', '${name}'`, bad, values![bad]!);
    }
  }
}

/** Where the first value is that is NaN or infinite; −1: nowhere. A bare loop, much faster than `findIndex`. */
function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    // False for NaN too, which no comparison with > would catch.
    if (!(Math.abs(values[i]!) <= Number.MAX_VALUE)) return i;
  }
  return -1;
}
