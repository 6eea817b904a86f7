import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { subgraphsOf, walkNodes, type VisitedNode } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { topologicalOrder } from '../operators/order.ts';
import { findKinds, type Kind, type NodeKind, type ValueKind } from './node-kinds.ts';

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
  readonly index: GraphIndex;
  readonly kindOf: (value: string) => ValueKind;
  readonly holder: Member | undefined;
  readonly around: GraphPart | undefined;
}

/** A node on its way to its layer. */
interface Member extends Kind {
  readonly visited: VisitedNode;
  /** The node that it serves, or itself. */
  owner: Member | undefined;
  /** Of an owner. */
  layer: (Layer & { readonly nodes: VisitedNode[] }) | undefined;
}

type Members = ReadonlyMap<Node, Member>;

function group(model: Model): Layers {
  const members = new Map<Node, Member>();
  const nested = new Map<string, Member>();
  for (const visited of walkNodes(model)) {
    const member: Member = { visited, kind: undefined, owner: undefined, layer: undefined };
    members.set(visited.node, member);
    if (subgraphsOf(visited.node).length > 0) nested.set(visited.layer, member);
  }
  const parts = new Map<Graph, GraphPart>();
  for (const { visited } of members.values()) {
    const { graph, parent } = visited;
    if (parts.has(graph)) continue;
    const holder = parent === null ? undefined : nested.get(parent);
    const around = holder === undefined ? undefined : parts.get(holder.visited.graph);
    const kindOf = findKinds(
      graph,
      (node) => members.get(node)!,
      (value) => around?.kindOf(value),
    );
    parts.set(graph, { index: indexGraph(graph), kindOf, holder, around });
  }
  for (const [graph, part] of parts) assignOwners(graph, part, members);
  const all = collect(members, nested);
  const of = (node: Node): Layer | undefined => members.get(node)?.owner?.layer;
  let byName: ReadonlyMap<string, Node> | undefined;
  return {
    all,
    of,
    ofName: (name) => {
      byName ??= new Map(Array.from(walkNodes(model), ({ layer, node }) => [layer, node]));
      const found = byName.get(name);
      return found === undefined ? undefined : of(found);
    },
    kind: (node) => members.get(node)?.kind ?? 'layer',
    source: (value, graph) => sourceOf(value, parts.get(graph), members),
  };
}

/** Back through quantization pairs and, where it is stored, to the tensor behind nodes that move or convert it. */
function sourceOf(value: string, part: GraphPart | undefined, members: Members): ValueSource {
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
    const member = members.get(producer);
    const kind = member?.kind ?? 'layer';
    constant ||= kind === 'constant';
    const moves = kind === 'constant' && (hasTrait(producer, 'rearranges') || hasTrait(producer, 'dequantizes'));
    if (kind !== 'quantize' && kind !== 'dequantize' && !moves)
      return { value: name, layer: member?.owner?.layer, kind, dequantize };
    if (hasTrait(producer, 'dequantizes')) dequantize ??= producer;
    const [input = ''] = producer.inputs;
    if (input === '' || input === name) break;
    name = input;
  }
  return { value: name, layer: undefined, kind: constant ? 'constant' : undefined, dequantize };
}

/** The node that each node of a graph serves; layers serve themselves. Backwards, so that who uses a value is known. */
function assignOwners(graph: Graph, { index, holder }: GraphPart, members: Members): void {
  const order = topologicalOrder(graph.nodes);
  for (const node of order) {
    const member = members.get(node)!;
    if (member.kind === 'layer') member.owner = member;
  }
  for (const node of order.toReversed()) {
    const member = members.get(node)!;
    const { kind } = member;
    if (kind === 'layer' || kind === undefined) continue;
    const user = firstUser(node, index, members);
    const maker = FOLLOWS.has(kind) ? makerOf(node, index, members) : undefined;
    // What a body gives its layer without computing belongs to that layer; of the whole model it is one of its own.
    const isResult = !FOLLOWS.has(kind) && node.outputs.some((output) => index.isOutput(output));
    const served = kind === 'dequantize' ? (user ?? maker) : (maker ?? user);
    member.owner = isResult ? (holder ?? member) : (served ?? member);
  }
}

/** The layer of the first node that uses what this one gives. */
function firstUser(node: Node, index: GraphIndex, members: Members): Member | undefined {
  let first: Member | undefined;
  for (const output of node.outputs) {
    for (const consumer of index.consumers(output)) {
      const member = members.get(consumer);
      if (member?.owner !== undefined && (first === undefined || member.visited.index < first.visited.index))
        first = member;
    }
  }
  return first?.owner;
}

/** Kinds of nodes that go on with what a layer gives. */
const FOLLOWS: ReadonlySet<NodeKind> = new Set(['quantize', 'dequantize', 'rescale']);

/** The layer whose value such a node holds. */
function makerOf(node: Node, index: GraphIndex, members: Members): Member | undefined {
  let at: Member | undefined = members.get(node);
  for (let steps = 0; at !== undefined && steps < 8; steps++) {
    at = at.visited.node.inputs.map((input) => memberOf(index.producer(input), members)).find(isNext);
    if (at?.kind === 'layer') return at;
  }
  return undefined;
}

function memberOf(node: Node | undefined, members: Members): Member | undefined {
  return node === undefined ? undefined : members.get(node);
}

function isNext(maker: Member | undefined): boolean {
  const kind = maker?.kind;
  return kind === 'layer' || (kind !== undefined && FOLLOWS.has(kind));
}

function collect(members: Members, nested: ReadonlyMap<string, Member>): readonly Layer[] {
  const all: Layer[] = [];
  for (const member of members.values()) {
    if (member.owner !== member) continue;
    const { visited: main } = member;
    const holder = main.parent === null ? undefined : nested.get(main.parent);
    const parent = (holder?.owner ?? holder)?.layer ?? null;
    member.layer = { name: main.layer, main, nodes: [main], parent };
    all.push(member.layer);
  }
  for (const { owner, visited } of members.values()) {
    if (owner !== undefined && owner.visited !== visited) owner.layer?.nodes.push(visited);
  }
  return all;
}
