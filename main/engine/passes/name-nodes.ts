import type { Attribute, Graph, Model, Node } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';

/**
 * The model with a name of its own for every node, so that the runtime's trace tells them apart: nodes without a name, or
 * with one that others have too, are called like their layer. The model itself when there is nothing to name. Nodes of
 * functions stay as they are.
 */
export function nameNodes(model: Model): Model {
  const uses = new Map<string, number>();
  const layers = new Map<Node, string>();
  for (const { node, layer } of walkNodes(model)) {
    uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
    layers.set(node, layer);
  }
  const isOwn = (name: string): boolean => name !== '' && uses.get(name) === 1;
  if ([...uses.keys()].every(isOwn)) return model;

  const nameGraph = (graph: Graph): Graph => ({ ...graph, nodes: graph.nodes.map(nameNode) });
  const nameNode = (node: Node): Node => ({
    ...node,
    name: isOwn(node.name) ? node.name : (layers.get(node) ?? node.name),
    attributes: node.attributes.map(nameAttribute),
  });
  const nameAttribute = (attribute: Attribute): Attribute => {
    if (attribute.type === 'graph') return { ...attribute, value: nameGraph(attribute.value) };
    if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(nameGraph) };
    return attribute;
  };
  return { ...model, graph: nameGraph(model.graph) };
}
