import type { Model, Tensor } from '../graph/ir.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { operatorSpec } from '../operators/table.ts';

/**
 * The weights that training changes unless it is told otherwise: float32 initializers that layers and normalizations take as
 * parameters, also through operators that only move elements. Statistics of batch normalization, single numbers (factors,
 * epsilons) and what operators take as settings stay.
 * @param model main graph, weights as initializers
 */
export function trainableParameters(model: Model): readonly string[] {
  const stored = new Map<string, Tensor>(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  /** The initializer whose elements a value holds, by the value's name. */
  const holds = new Map<string, string>([...stored.keys()].map((name) => [name, name]));
  const found = new Set<string>();
  for (const node of model.graph.nodes) {
    const spec = operatorSpec(node.domain, node.opType);
    if (spec === undefined) continue;
    if (spec.carries === 'first') {
      const source = holds.get(node.inputs[0] ?? '');
      if (source !== undefined) node.outputs.forEach((output) => holds.set(output, source));
    }
    const { statistics } = spec.normalization ?? {};
    node.inputs.forEach((input, at) => {
      const source = holds.get(input);
      const parameter = spec.parameterInputs.includes(at) && at !== statistics?.mean && at !== statistics?.variance;
      if (source === undefined || !parameter) return;
      const { dtype, dims } = stored.get(source)!;
      if (dtype === 'float32' && elementCount(dims) > 1) found.add(source);
    });
  }
  return model.graph.initializers.flatMap(({ name }) => (found.has(name) ? [name] : []));
}
