import type { Attribute, Graph, Node, ValueInfo } from '../graph/ir.ts';

/**
 * The node with its values called otherwise, in its subgraphs too. Values that `names` does not have get a fresh name, which
 * is put into it; '' (left out) stays. Values that a subgraph defines get fresh names of their own, so that copies of one
 * node may stand side by side.
 */
export function renameValues(node: Node, names: Map<string, string>, fresh: (value: string) => string): Node {
  const rename = (value: string): string => {
    if (value === '') return '';
    const known = names.get(value);
    if (known !== undefined) return known;
    const made = fresh(value);
    names.set(value, made);
    return made;
  };
  const inputs = node.inputs.map(rename);
  const attributes = node.attributes.map((attribute): Attribute => {
    if (attribute.type === 'graph') return { ...attribute, value: renameGraph(attribute.value, names, fresh) };
    if (attribute.type !== 'graphs') return attribute;
    return { ...attribute, value: attribute.value.map((graph) => renameGraph(graph, names, fresh)) };
  });
  return { ...node, inputs, outputs: node.outputs.map(rename), attributes };
}

function renameGraph(graph: Graph, outer: ReadonlyMap<string, string>, fresh: (value: string) => string): Graph {
  const names = new Map(outer);
  const define = (value: string): void => void (value === '' || names.set(value, fresh(value)));
  for (const { name } of [...graph.inputs, ...graph.initializers]) define(name);
  for (const { values } of graph.sparseInitializers) define(values.name);
  for (const node of graph.nodes) for (const output of node.outputs) define(output);
  const nameOf = (value: string): string => names.get(value) ?? value;
  const renameInfo = (info: ValueInfo): ValueInfo => ({ ...info, name: nameOf(info.name) });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameValues(node, names, fresh)),
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: nameOf(tensor.name) })),
    sparseInitializers: graph.sparseInitializers.map((sparse) => ({
      ...sparse,
      values: { ...sparse.values, name: nameOf(sparse.values.name) },
    })),
    inputs: graph.inputs.map(renameInfo),
    outputs: graph.outputs.map(renameInfo),
    valueInfos: graph.valueInfos.map(renameInfo),
  };
}
