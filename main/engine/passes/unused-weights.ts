import { usedValues } from '../graph/index-graph.ts';
import type { Graph, Tensor } from '../graph/ir.ts';

/** Initializers of the main graph that no node, subgraph or output uses. */
export function unusedInitializers(graph: Graph): readonly Tensor[] {
  const used = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) for (const value of usedValues(node)) used.add(value);
  return graph.initializers.filter(({ name }) => !used.has(name));
}

/** The graph without unused initializers, and without the inputs that they gave a default to. */
export function withoutUnusedInitializers(graph: Graph): Graph {
  const unused = new Set(unusedInitializers(graph).map(({ name }) => name));
  if (unused.size === 0) return graph;
  return {
    ...graph,
    initializers: graph.initializers.filter(({ name }) => !unused.has(name)),
    inputs: graph.inputs.filter(({ name }) => !unused.has(name)),
  };
}
