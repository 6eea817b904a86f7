import type { Graph, Model, Node } from '../graph/ir.ts';
import { subgraphsOf, walkNodes, type VisitedNode } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';

/** A node of the source model with what attribution asks about it. */
export interface SourceLayer extends VisitedNode {
  /** Its value follows from constants alone: the runtime computes it once at load, no kernel executes it. */
  readonly constant: boolean;
}

interface SourceGraph {
  readonly producers: Map<string, SourceLayer>;
  readonly consumers: Map<string, SourceLayer[]>;
  readonly named: Map<string, SourceLayer>;
}

/** Look-ups on the source model by value and node name, each from a graph inwards. */
export class SourceIndex {
  readonly #graphs = new Map<Graph, SourceGraph>();
  readonly #layers = new Map<Node, SourceLayer>();
  readonly #byLayer = new Map<string, SourceLayer>();
  readonly #main: Graph;

  constructor(model: Model) {
    this.#main = model.graph;
    const constants = new Map<Graph, Set<string>>();
    for (const visited of walkNodes(model)) {
      const { graph, node } = visited;
      const known = constants.get(graph) ?? new Set(graph.initializers.map((tensor) => tensor.name));
      constants.set(graph, known);
      const constant = isConstant(node, known);
      if (constant) for (const output of node.outputs) known.add(output);
      this.#add({ ...visited, constant });
    }
  }

  get mainGraph(): Graph {
    return this.#main;
  }

  layerOf(node: Node): SourceLayer | undefined {
    return this.#layers.get(node);
  }

  /** The node of this very graph that makes the value. */
  producerIn(graph: Graph, value: string): SourceLayer | undefined {
    return this.#graphs.get(graph)?.producers.get(value);
  }

  consumersIn(graph: Graph, value: string): readonly SourceLayer[] {
    return this.#graphs.get(graph)?.consumers.get(value) ?? [];
  }

  /** The node that makes the value: in this graph, in its subgraphs from outside inwards, or anywhere. */
  findProducer(graph: Graph, value: string): SourceLayer | undefined {
    return this.#search(graph, (entry) => entry.producers.get(value));
  }

  /** The node of this name, searched like {@link findProducer}, or else the layer of this name (see `nameNodes`). */
  findNamed(graph: Graph, name: string): SourceLayer | undefined {
    if (name === '') return undefined;
    return this.#search(graph, (entry) => entry.named.get(name)) ?? this.#byLayer.get(name);
  }

  #search(graph: Graph, look: (entry: SourceGraph) => SourceLayer | undefined): SourceLayer | undefined {
    const queue = [graph];
    for (const candidate of queue) {
      const entry = this.#graphs.get(candidate);
      const found = entry === undefined ? undefined : look(entry);
      if (found !== undefined) return found;
      if (this.#graphs.size > 1)
        for (const node of candidate.nodes) queue.push(...subgraphsOf(node).map((sub) => sub.graph));
    }
    return graph === this.#main ? undefined : this.#search(this.#main, look);
  }

  #add(layer: SourceLayer): void {
    const { graph, node } = layer;
    this.#layers.set(node, layer);
    this.#byLayer.set(layer.layer, layer);
    let entry = this.#graphs.get(graph);
    if (entry === undefined) {
      entry = { producers: new Map(), consumers: new Map(), named: new Map() };
      this.#graphs.set(graph, entry);
    }
    for (const output of node.outputs) if (output !== '') entry.producers.set(output, layer);
    if (node.name !== '' && !entry.named.has(node.name)) entry.named.set(node.name, layer);
    for (const input of new Set(node.inputs)) {
      const list = entry.consumers.get(input);
      if (list === undefined) entry.consumers.set(input, [layer]);
      else list.push(layer);
    }
  }
}

function isConstant(node: Node, known: ReadonlySet<string>): boolean {
  if (subgraphsOf(node).length > 0 || hasTrait(node, 'random')) return false;
  return node.inputs.every((input) => input === '' || known.has(input));
}
