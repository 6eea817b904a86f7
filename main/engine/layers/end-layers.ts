/** The layers with weights at both ends of a model. Pure. */
import { indexGraph, usedValues } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { isWeighted } from './waists.ts';

/**
 * Names of the nodes with weights that no other one leads to, and of those that lead to no other: what a model sees its inputs with,
 * and what it gives its outputs with.
 * @param graph in topological order
 */
export function endLayers(graph: Graph): ReadonlySet<string> {
  const index = indexGraph(graph);
  const weighted = new Set(graph.nodes.filter((node) => isWeighted(index, node)));
  const ends = (
    nodes: readonly Node[],
    from: (node: Node) => readonly string[],
    to: (node: Node) => readonly string[],
  ): Node[] => {
    /** Values that a layer with weights was met before. */
    const behind = new Set<string>();
    return nodes.filter((node) => {
      const met = from(node).some((value) => behind.has(value));
      if (met || weighted.has(node)) for (const value of to(node)) behind.add(value);
      return weighted.has(node) && !met;
    });
  };
  const outputs = ({ outputs: given }: Node): readonly string[] => given.filter((value) => value !== '');
  const first = ends(graph.nodes, usedValues, outputs);
  const last = ends(graph.nodes.toReversed(), outputs, usedValues);
  return new Set([...first, ...last].map(({ name }) => name));
}
