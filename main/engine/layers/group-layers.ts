import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { walkNodes, type VisitedNode } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { nodeKinds, type GraphKinds, type NodeKind } from './node-kinds.ts';

/** A layer: the node that computes, and those that serve it. */
export interface Layer {
  /** Its main node's name as `walkNodes` tells it; unique in the model. */
  readonly name: string;
  readonly main: VisitedNode;
  /** All of its nodes, the main one first, the others in the order of the file. */
  readonly nodes: readonly VisitedNode[];
  /** The layer whose subgraph holds this one. */
  readonly parent: Layer | null;
}

export interface Layers {
  /** In the order of the file; those of a subgraph after the layer that holds it. */
  readonly all: readonly Layer[];
  /** The layer that a node belongs to. */
  readonly of: (node: Node) => Layer | undefined;
  readonly kind: (node: Node) => NodeKind;
  /** The layer that makes a value of this graph or one around it, and the value itself behind quantization pairs. */
  readonly source: (value: string, graph: Graph) => ValueSource;
  /** By the name of a node, as `walkNodes` tells it. */
  readonly ofName: (name: string) => Layer | undefined;
}

export interface ValueSource {
  /** The value before it was quantized and dequantized; the stored tensor behind a weight; else the value itself. */
  readonly value: string;
  /** undefined: a graph's input, or stored. */
  readonly layer: Layer | undefined;
  /** What makes it; undefined: a graph's input. */
  readonly kind: NodeKind | undefined;
  /** The last node on the way that turned codes into real values. */
  readonly dequantize: Node | undefined;
}

const grouped = new WeakMap<Graph, Layers>();

/** The layers of a model. Linear time; remembered for the graph object. */
export function groupLayers(model: Model): Layers {
  const known = grouped.get(model.graph);
  if (known !== undefined) return known;
  const layers = group(model);
  grouped.set(model.graph, layers);
  return layers;
}

interface GraphPart {
  readonly graph: Graph;
  readonly index: GraphIndex;
  readonly kinds: GraphKinds;
  readonly holder: VisitedNode | undefined;
  readonly around: GraphPart | undefined;
}

function group(model: Model): Layers {
  const visited = [...walkNodes(model)];
  const byName = new Map(visited.map((it) => [it.layer, it]));
  const parts = new Map<Graph, GraphPart>();
  for (const { graph, parent } of visited) {
    if (parts.has(graph)) continue;
    const holder = parent === null ? undefined : byName.get(parent);
    const around = holder === undefined ? undefined : parts.get(holder.graph);
    const kinds = nodeKinds(graph, (value) => around?.kinds.ofValue(value));
    parts.set(graph, { graph, index: indexGraph(graph), kinds, holder, around });
  }
  const owners = new Map<Node, Node>();
  const kinds = new Map<Node, NodeKind>();
  for (const part of parts.values()) {
    for (const [node, kind] of part.kinds.nodes) kinds.set(node, kind);
    assignOwners(part, owners);
  }
  const layers = collect(visited, owners, byName);
  const of = (node: Node): Layer | undefined => {
    const owner = owners.get(node);
    return owner === undefined ? undefined : layers.get(owner);
  };
  return {
    all: [...layers.values()],
    of,
    ofName: (name) => {
      const found = byName.get(name);
      return found === undefined ? undefined : of(found.node);
    },
    kind: (node) => kinds.get(node) ?? 'layer',
    source: (value, graph) => sourceOf(value, parts.get(graph), of),
  };
}

/** Back through quantization pairs and, where it is stored, to the tensor behind nodes that move or convert it. */
function sourceOf(value: string, part: GraphPart | undefined, of: (node: Node) => Layer | undefined): ValueSource {
  let at = part;
  let name = value;
  let dequantize: Node | undefined;
  let constant = false;
  while (at !== undefined) {
    const producer = at.index.producer(name);
    if (producer === undefined) {
      const stored = at.index.initializer(name) !== undefined || at.index.sparseInitializer(name) !== undefined;
      if (stored) return { value: name, layer: undefined, kind: 'constant', dequantize };
      if (at.index.input(name) !== undefined) break;
      at = at.around;
      continue;
    }
    const kind = at.kinds.nodes.get(producer) ?? 'layer';
    constant ||= kind === 'constant';
    const moves = kind === 'constant' && (hasTrait(producer, 'rearranges') || hasTrait(producer, 'dequantizes'));
    if (kind !== 'quantize' && kind !== 'dequantize' && !moves)
      return { value: name, layer: of(producer), kind, dequantize };
    if (hasTrait(producer, 'dequantizes')) dequantize ??= producer;
    const [input = ''] = producer.inputs;
    if (input === '' || input === name) break;
    name = input;
  }
  return { value: name, layer: undefined, kind: constant ? 'constant' : undefined, dequantize };
}

/** The node that each node of a graph serves; layers serve themselves. Backwards, so that who uses a value is known. */
function assignOwners({ index, kinds, holder }: GraphPart, owners: Map<Node, Node>): void {
  const order = [...kinds.nodes.keys()];
  for (const [node, kind] of kinds.nodes) if (kind === 'layer') owners.set(node, node);
  for (const node of order.toReversed()) {
    const kind = kinds.nodes.get(node)!;
    if (kind === 'layer') continue;
    const user = firstUser(node, index, owners);
    const maker = FOLLOWS.has(kind) ? makerOf(node, index, kinds) : undefined;
    // What a body gives its layer without computing belongs to that layer; of the whole model it is one of its own.
    const isResult = !FOLLOWS.has(kind) && node.outputs.some((output) => index.isOutput(output));
    const served = kind === 'dequantize' ? (user ?? maker) : (maker ?? user);
    owners.set(node, isResult ? (holder?.node ?? node) : (served ?? node));
  }
}

/** The layer of the first node that uses what this one gives. */
function firstUser(node: Node, index: GraphIndex, owners: ReadonlyMap<Node, Node>): Node | undefined {
  let first: Node | undefined;
  for (const output of node.outputs) {
    for (const consumer of index.consumers(output)) {
      if (owners.has(consumer) && (first === undefined || index.position(consumer) < index.position(first)))
        first = consumer;
    }
  }
  return first === undefined ? undefined : owners.get(first);
}

/** Kinds of nodes that go on with what a layer gives. */
const FOLLOWS: ReadonlySet<NodeKind> = new Set(['quantize', 'dequantize', 'rescale']);

/** The layer whose value such a node holds. */
function makerOf(node: Node, index: GraphIndex, kinds: GraphKinds): Node | undefined {
  let at: Node | undefined = node;
  for (let steps = 0; at !== undefined && steps < 8; steps++) {
    const makers: (Node | undefined)[] = at.inputs.map((input) => index.producer(input));
    const isNext = (maker: Node | undefined, kind: NodeKind | undefined): boolean =>
      maker !== undefined && (kind === 'layer' || (kind !== undefined && FOLLOWS.has(kind)));
    at = makers.find((maker) => isNext(maker, maker && kinds.nodes.get(maker)));
    if (at !== undefined && kinds.nodes.get(at) === 'layer') return at;
  }
  return undefined;
}

function collect(
  visited: readonly VisitedNode[],
  owners: ReadonlyMap<Node, Node>,
  byName: ReadonlyMap<string, VisitedNode>,
): ReadonlyMap<Node, Layer> {
  const layers = new Map<Node, Layer & { readonly nodes: VisitedNode[] }>();
  for (const main of visited) {
    if (owners.get(main.node) !== main.node) continue;
    const holder = main.parent === null ? undefined : byName.get(main.parent)?.node;
    const parent = holder === undefined ? null : (layers.get(owners.get(holder) ?? holder) ?? null);
    layers.set(main.node, { name: main.layer, main, nodes: [main], parent });
  }
  for (const it of visited) {
    const owner = owners.get(it.node);
    if (owner !== undefined && owner !== it.node) layers.get(owner)?.nodes.push(it);
  }
  return layers;
}
