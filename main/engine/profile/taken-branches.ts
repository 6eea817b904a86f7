import type { Graph, Model, Node } from '../graph/ir.ts';
import { subgraphsOf, walkNodes } from '../graph/walk.ts';

/**
 * Which of its subgraphs each node ran, by the layers that kernels executed: "then_branch" or "else_branch" of an If.
 * @param executed names of the layers that some kernel has as a source
 * @returns nodes of which exactly one subgraph was seen: in a loop an If may take both, and a branch of constants runs no kernel
 */
export function takenBranches(model: Model, executed: ReadonlySet<string>): ReadonlyMap<Node, string> {
  const holders = new Map<Graph, { readonly node: Node; readonly branch: string; readonly outer: Graph }>();
  const seen = new Map<Node, Set<string>>();
  for (const { node, graph, layer } of walkNodes(model)) {
    for (const { branch, graph: inner } of subgraphsOf(node)) holders.set(inner, { node, branch, outer: graph });
    if (!executed.has(layer)) continue;
    for (let at = holders.get(graph); at !== undefined; at = holders.get(at.outer)) {
      const branches = seen.get(at.node) ?? new Set();
      seen.set(at.node, branches.add(at.branch));
    }
  }
  return new Map(
    [...seen].flatMap(([node, [only, ...more]]) => (only === undefined || more.length > 0 ? [] : [[node, only]])),
  );
}
