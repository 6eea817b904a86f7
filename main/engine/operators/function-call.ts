import type { Attribute, FunctionDef, Graph, Model, Node } from '../graph/ir.ts';

function keyOf(domain: string, name: string, overload: string): string {
  return `${domain}\n${name}\n${overload}`;
}

/** Finds the functions that a model brings along, by what a node calls. */
export function indexFunctions(model: Model): (node: Node) => FunctionDef | undefined {
  const byKey = new Map(model.functions.map((it) => [keyOf(it.domain, it.name, it.overload), it]));
  return (node) => (byKey.size === 0 ? undefined : byKey.get(keyOf(node.domain, node.opType, node.overload)));
}

/** The function's nodes with its attribute references replaced by the caller's attributes, or by their defaults. */
export function bindAttributes(definition: FunctionDef, call: Node): readonly Node[] {
  const values = new Map<string, Attribute>();
  for (const attribute of definition.attributeDefaults) values.set(attribute.name, attribute);
  for (const attribute of call.attributes) values.set(attribute.name, attribute);
  return definition.nodes.map((node) => bindNode(node, values));
}

function bindNode(node: Node, values: ReadonlyMap<string, Attribute>): Node {
  if (node.attributes.every(({ type }) => type !== 'reference' && type !== 'graph' && type !== 'graphs')) return node;
  return { ...node, attributes: node.attributes.flatMap((attribute) => bindAttribute(attribute, values)) };
}

function bindAttribute(attribute: Attribute, values: ReadonlyMap<string, Attribute>): readonly Attribute[] {
  switch (attribute.type) {
    case 'reference': {
      const value = values.get(attribute.value);
      // An optional attribute that the caller leaves out is left out in the body too.
      return value === undefined ? [] : [{ ...value, name: attribute.name }];
    }
    case 'graph':
      return [{ ...attribute, value: bindGraph(attribute.value, values) }];
    case 'graphs':
      return [{ ...attribute, value: attribute.value.map((graph) => bindGraph(graph, values)) }];
    default:
      return [attribute];
  }
}

function bindGraph(graph: Graph, values: ReadonlyMap<string, Attribute>): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => bindNode(node, values)) };
}
