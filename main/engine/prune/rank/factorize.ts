import { allValueNames } from '../../graph/index-graph.ts';
import type { Graph, Model, Node, Tensor } from '../../graph/ir.ts';
import { claimName } from '../../graph/layers.ts';
import { makeTensor } from '../../graph/make.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import type { FactorableLayer } from './factorable-layers.ts';

/** A layer with the directions in which its outputs vary most. */
export interface LayerFactors {
  readonly layer: FactorableLayer;
  readonly rank: number;
  /** [≥ rank, outputs]: unit vectors, the most important first. */
  readonly directions: Float64Array;
}

/**
 * Writes layers as two each: W ≈ U·(Uᵀ·W) with the first `rank` directions as the columns of U. The first keeps kernel, strides
 * and pads and gives `rank` channels; the second, 1 × 1, keeps name, bias and the value that it gives.
 * @returns the model, and of each new node the layer that it stands for
 * @see Zhang et al. 2016, Accelerating Very Deep Convolutional Networks, 3.1, for directions from the outputs' variation
 */
export function factorize(
  model: Model,
  factors: readonly LayerFactors[],
): { model: Model; sources: Map<string, string[]> } {
  const names = new Set([...allValueNames(model.graph), ...model.graph.nodes.map(({ name }) => name)]);
  const byNode = new Map(factors.map((one) => [one.layer.node, one]));
  const stored = new Map<string, Tensor>();
  const sources = new Map<string, string[]>();
  const nodes = model.graph.nodes.flatMap((node) => {
    const own = byNode.get(node);
    if (own === undefined) return [node];
    const [first, second] = split(own, names, stored);
    sources.set(first.name, [node.name]);
    return [first, second];
  });
  const gone = new Set(factors.map(({ layer }) => layer.weight.name));
  const initializers = [...model.graph.initializers.filter(({ name }) => !gone.has(name)), ...stored.values()];
  // IR version 3 repeats stored tensors among the inputs.
  const inputs = model.graph.inputs.filter(({ name }) => !gone.has(name));
  const graph: Graph = { ...model.graph, nodes, initializers, inputs };
  return { model: { ...model, graph }, sources };
}

function split(
  { layer, rank, directions }: LayerFactors,
  names: Set<string>,
  stored: Map<string, Tensor>,
): [Node, Node] {
  const { node, weight, position, outputs, columns, rowsFirst } = layer;
  const values = tensorValues(weight) as Float32Array;
  const thin = new Float32Array(rank * columns);
  for (let r = 0; r < rank; r++) {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let m = 0; m < outputs; m++) {
        sum += directions[r * outputs + m]! * values[rowsFirst ? m * columns + c : c * outputs + m]!;
      }
      thin[rowsFirst ? r * columns + c : c * rank + r] = sum;
    }
  }
  const wide = new Float32Array(outputs * rank);
  for (let m = 0; m < outputs; m++) {
    for (let r = 0; r < rank; r++) wide[rowsFirst ? m * rank + r : r * outputs + m] = directions[r * outputs + m]!;
  }
  const thinDims = rowsFirst ? [rank, ...weight.dims.slice(1)] : [columns, rank];
  const ones = weight.dims.slice(2).map(() => 1);
  const wideDims = rowsFirst ? [outputs, rank, ...ones] : [rank, outputs];
  const thinName = claimName(`${weight.name}_rank`, names);
  const wideName = claimName(`${weight.name}_back`, names);
  const hidden = claimName(`${node.outputs[0]!}_rank`, names);
  stored.set(thinName, makeTensor(thinName, 'float32', thinDims, thin));
  stored.set(wideName, makeTensor(wideName, 'float32', wideDims, wide));
  const data = node.inputs.slice(0, position);
  const first = {
    ...node,
    name: claimName(`${node.name}_rank`, names),
    inputs: [...data, thinName],
    outputs: [hidden],
  };
  const attributes = node.attributes.filter(({ name }) => name === 'transB');
  const second = { ...node, inputs: [hidden, wideName, ...node.inputs.slice(position + 1)], attributes };
  return [first, second];
}
