import type { FunctionDef, Graph, Node, SparseTensor, Tensor, ValueInfo } from './ir.ts';
import { subgraphsOf } from './walk.ts';

/** Who makes and who uses each value of one graph; all look-ups take constant time. */
export interface GraphIndex {
  readonly graph: Graph;
  /** The node of this graph that makes the value. */
  readonly producer: (value: string) => Node | undefined;
  /** Nodes of this graph that use the value, in order, each once; also those whose subgraphs use it. */
  readonly consumers: (value: string) => readonly Node[];
  readonly initializer: (value: string) => Tensor | undefined;
  readonly sparseInitializer: (value: string) => SparseTensor | undefined;
  readonly input: (value: string) => ValueInfo | undefined;
  readonly isOutput: (value: string) => boolean;
  /** What the file says about the value: graph input, output or value info. */
  readonly valueInfo: (value: string) => ValueInfo | undefined;
  /** The first node of this name. */
  readonly nodeByName: (name: string) => Node | undefined;
  /** Place of a node of this graph in its order. */
  readonly position: (node: Node) => number;
}

/** Values that nodes under here take from graphs around them, each once. */
function captured(node: Node): readonly string[] {
  const subgraphs = subgraphsOf(node);
  if (subgraphs.length === 0) return [];
  const free = new Set<string>();
  for (const { graph } of subgraphs) for (const value of freeValues(graph)) free.add(value);
  return [...free];
}

/** Values that a subgraph uses and does not define: it captures them from the graphs around it. */
export function freeValues(graph: Graph): ReadonlySet<string> {
  const defined = new Set<string>();
  for (const { name } of graph.inputs) defined.add(name);
  for (const { name } of graph.initializers) defined.add(name);
  for (const { values } of graph.sparseInitializers) defined.add(values.name);
  for (const node of graph.nodes) for (const output of node.outputs) defined.add(output);
  const free = new Set<string>();
  for (const node of graph.nodes) for (const value of usedValues(node)) if (!defined.has(value)) free.add(value);
  for (const { name } of graph.outputs) if (!defined.has(name)) free.add(name);
  return free;
}

/** The values that a node uses: its inputs (not those left out) and what its subgraphs capture. */
export function usedValues(node: Node): readonly string[] {
  const inputs = node.inputs.filter((value) => value !== '');
  const free = captured(node);
  return free.length === 0 ? inputs : [...inputs, ...free];
}

function byName<T>(items: Iterable<T>, nameOf: (item: T) => string): Map<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    const name = nameOf(item);
    if (name !== '' && !map.has(name)) map.set(name, item);
  }
  return map;
}

function indexConsumers(nodes: readonly Node[]): Map<string, Node[]> {
  const map = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const value of usedValues(node)) {
      const list = map.get(value);
      if (list === undefined) map.set(value, [node]);
      // Used twice by one node: it came last.
      else if (list.at(-1) !== node) list.push(node);
    }
  }
  return map;
}

function indexProducers(nodes: readonly Node[]): Map<string, Node> {
  const map = new Map<string, Node>();
  for (const node of nodes) {
    for (const output of node.outputs) if (output !== '' && !map.has(output)) map.set(output, node);
  }
  return map;
}

/** Made when it is first asked for: not every look at a graph needs all of its index. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const indexes = new WeakMap<Graph, GraphIndex>();
const NO_NODES: readonly Node[] = [];

/**
 * Indexes a graph; linear time, remembered for the graph object. Where names are defined twice (`validateModel` lists
 * such), the first one counts.
 */
export function indexGraph(graph: Graph): GraphIndex {
  const known = indexes.get(graph);
  if (known) return known;
  const producers = indexProducers(graph.nodes);
  const consumers = indexConsumers(graph.nodes);
  const initializers = byName(graph.initializers, (tensor) => tensor.name);
  const sparse = byName(graph.sparseInitializers, (tensor) => tensor.values.name);
  const inputs = byName(graph.inputs, (info) => info.name);
  const infos = once(() => byName([...graph.inputs, ...graph.outputs, ...graph.valueInfos], (info) => info.name));
  const outputs = new Set(graph.outputs.map((info) => info.name));
  const nodes = once(() => byName(graph.nodes, (node) => node.name));
  const positions = once(() => new Map(graph.nodes.map((node, index) => [node, index])));
  const index: GraphIndex = {
    graph,
    producer: (value) => producers.get(value),
    consumers: (value) => consumers.get(value) ?? NO_NODES,
    initializer: (value) => initializers.get(value),
    sparseInitializer: (value) => sparse.get(value),
    input: (value) => inputs.get(value),
    isOutput: (value) => outputs.has(value),
    valueInfo: (value) => infos().get(value),
    nodeByName: (name) => nodes().get(name),
    position: (node) => positions().get(node) ?? -1,
  };
  indexes.set(graph, index);
  return index;
}

/** Inputs that a caller feeds: those that no initializer gives a default value. */
export function feedInputs(graph: Graph): readonly ValueInfo[] {
  const index = indexGraph(graph);
  return graph.inputs.filter((input) => index.initializer(input.name) === undefined);
}

/** Every value name that occurs in a graph or function, its subgraphs included: what a fresh name must avoid. */
export function allValueNames(body: Graph | FunctionDef): Set<string> {
  const names = new Set<string>();
  const visit = (inner: Graph | FunctionDef): void => {
    for (const value of [...inner.inputs, ...inner.outputs]) names.add(typeof value === 'string' ? value : value.name);
    for (const info of inner.valueInfos) names.add(info.name);
    if ('initializers' in inner) {
      for (const tensor of inner.initializers) names.add(tensor.name);
      for (const tensor of inner.sparseInitializers) names.add(tensor.values.name);
    }
    for (const node of inner.nodes) {
      for (const value of node.inputs) names.add(value);
      for (const value of node.outputs) names.add(value);
      for (const { graph } of subgraphsOf(node)) visit(graph);
    }
  };
  visit(body);
  names.delete('');
  return names;
}
