import type { Attribute, FunctionDef, Graph, Model, Node } from './ir.ts';
import { claimName, layerNames } from './layers.ts';

/** A node where the walk met it. */
export interface VisitedNode {
  readonly node: Node;
  /** Place among its graph's nodes. */
  readonly index: number;
  /** Place in the walk. */
  readonly place: number;
  /** The graph that holds the node. */
  readonly graph: Graph;
  /** Unique in the model: the layer's name; inside a subgraph `<parent>/<branch>/<name>`. */
  readonly layer: string;
  /** The layer whose subgraph holds this node; null in the main graph. */
  readonly parent: string | null;
  /** 0 in the main graph, 1 in its nodes' subgraphs, … */
  readonly depth: number;
}

/** A graph that a node holds as an attribute, and what to call it: "then_branch", or "bodies.1" in a list. */
export interface Subgraph {
  readonly branch: string;
  readonly graph: Graph;
}

function subgraphsOfAttribute(attribute: Attribute): readonly Subgraph[] {
  if (attribute.type === 'graph') return [{ branch: attribute.name, graph: attribute.value }];
  if (attribute.type !== 'graphs') return [];
  return attribute.value.map((graph, index) => ({ branch: `${attribute.name}.${index}`, graph }));
}

/** The graphs that a node holds: If's branches, Loop's and Scan's bodies. */
export function subgraphsOf(node: Pick<Node, 'attributes'>): readonly Subgraph[] {
  // Nearly all nodes have none: no array is made for them.
  if (!node.attributes.some((attribute) => attribute.type === 'graph' || attribute.type === 'graphs')) return [];
  return node.attributes.flatMap(subgraphsOfAttribute);
}

function walkGraph(
  graph: Graph,
  names: readonly string[],
  parent: string | null,
  state: { readonly found: VisitedNode[]; readonly taken: () => Set<string>; readonly depth: number },
): void {
  const { found, taken, depth } = state;
  for (const [index, node] of graph.nodes.entries()) {
    const layer = names[index]!;
    found.push({ node, index, place: found.length, graph, layer, parent, depth });
    for (const { branch, graph: inner } of subgraphsOf(node)) {
      const prefix = `${layer}/${branch}/`;
      // A node that was named by its layer before is the same layer.
      const innerNames = layerNames(inner).map((name) =>
        claimName(name.startsWith(prefix) ? name : `${prefix}${name.replace(/^\//, '')}`, taken()),
      );
      walkGraph(inner, innerNames, layer, { found, taken, depth: depth + 1 });
    }
  }
}

/**
 * Every layer: the nodes of the main graph in order, each followed by those of its subgraphs. Bodies of functions are not
 * among them, since a function's nodes become layers where it is called; see `model.functions`. Walked once: remembered for the
 * graph object.
 */
export function walkNodes({ graph }: Model): ArrayIterator<VisitedNode> {
  const known = walked.get(graph);
  if (known !== undefined) return known.values();
  const names = layerNames(graph);
  const found: VisitedNode[] = [];
  // Most models have no subgraphs: their names are then not gathered.
  let taken: Set<string> | undefined;
  walkGraph(graph, names, null, { found, taken: () => (taken ??= new Set(names)), depth: 0 });
  walked.set(graph, found);
  return found.values();
}

const walked = new WeakMap<Graph, readonly VisitedNode[]>();

function* graphsUnder(nodes: readonly Node[]): Generator<Graph> {
  for (const node of nodes) {
    for (const { graph } of subgraphsOf(node)) {
      yield graph;
      yield* graphsUnder(graph.nodes);
    }
  }
}

/** Every graph of the model: the main one, subgraphs, and subgraphs within functions. */
export function* walkGraphs(model: Model): Generator<Graph> {
  yield model.graph;
  yield* graphsUnder(model.graph.nodes);
  for (const definition of model.functions) yield* graphsUnder(definition.nodes);
}

/** Every list of nodes that run in order: those of all graphs and of all functions. */
export function* walkBodies(model: Model): Generator<Graph | FunctionDef> {
  yield* walkGraphs(model);
  yield* model.functions;
}

/** The nodes of one graph and of all subgraphs in it. */
export function* walkNodesOf(graph: Graph): Generator<Node> {
  yield* graph.nodes;
  for (const inner of graphsUnder(graph.nodes)) yield* inner.nodes;
}
