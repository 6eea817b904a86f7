import { allValueNames, indexGraph } from '../graph/index-graph.ts';
import { claimName } from '../graph/layers.ts';
import type { Graph, Model, Node, Tensor } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Gives each node its own copy of what exporters share between layers that have nothing to do with each other: vectors that are
 * stored once because they are equal (zeros, ones), and tensors filled with one number (the states that recurrent layers begin
 * with). Where layers are cut, what they share would tie them together. Matrices and kernels stay shared: that is meant.
 * @param model every node of the main graph named uniquely
 */
export function separateConstants(model: Model): PassResult {
  const separation = new Separation(model.graph);
  const separated = separation.graph();
  return separated === model.graph
    ? unchanged(model)
    : { model: { ...model, graph: separated }, sources: separation.sources, notes: [] };
}

class Separation {
  readonly #graph: Graph;
  readonly #names: Set<string>;
  readonly #copies: Tensor[] = [];
  readonly sources = new Map<string, readonly string[]>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#names = new Set([...allValueNames(graph), ...graph.nodes.map(({ name }) => name)]);
  }

  graph(): Graph {
    const index = indexGraph(this.#graph);
    const replaced = new Map<Node, Map<string, string>>();
    const replace = (user: Node, value: string, copy: string): void => {
      replaced.set(user, (replaced.get(user) ?? new Map<string, string>()).set(value, copy));
    };
    for (const tensor of this.#graph.initializers) {
      if (tensor.dims.length !== 1 || !/float/.test(tensor.dtype) || index.isOutput(tensor.name)) continue;
      for (const user of takers(index.consumers(tensor.name), tensor.name).slice(1)) {
        const name = claimName(tensor.name, this.#names);
        this.#copies.push({ ...tensor, name });
        replace(user, tensor.name, name);
      }
    }
    const clones = new Map<Node, Node[]>();
    for (const node of this.#graph.nodes) {
      const [output = ''] = node.outputs;
      if (!hasTrait(node, 'fills') || index.isOutput(output)) continue;
      for (const user of takers(index.consumers(output), output).slice(1)) {
        const copy = claimName(output, this.#names);
        const name = claimName(node.name, this.#names);
        this.sources.set(name, [node.name]);
        clones.set(node, [...(clones.get(node) ?? []), { ...node, name, outputs: [copy] }]);
        replace(user, output, copy);
      }
    }
    if (replaced.size === 0) return this.#graph;
    const nodes = this.#graph.nodes.flatMap((node) => {
      const names = replaced.get(node);
      const own =
        names === undefined ? node : { ...node, inputs: node.inputs.map((value) => names.get(value) ?? value) };
      return [own, ...(clones.get(node) ?? [])];
    });
    return { ...this.#graph, nodes, initializers: [...this.#graph.initializers, ...this.#copies] };
  }
}

/** Nodes that take the value as an input of their own; those whose subgraphs capture it keep the first one. */
function takers(consumers: readonly Node[], value: string): readonly Node[] {
  const own = consumers.filter(({ inputs }) => inputs.includes(value));
  return own.length === consumers.length ? own : [];
}
