import type { Model } from '../graph/ir.ts';

/** Stored tensors that a node uses whose weights stay. @param isFrozen by the node's name */
export function frozenParameters(model: Model, isFrozen: (node: string) => boolean): ReadonlySet<string> {
  const frozen = new Set<string>();
  for (const { name, inputs } of model.graph.nodes) if (isFrozen(name)) for (const input of inputs) frozen.add(input);
  return frozen;
}
