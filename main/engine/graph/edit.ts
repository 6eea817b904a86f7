import { assert } from '../../base/errors.ts';
import { allValueNames, usedValues } from './index-graph.ts';
import type { Graph, Node, Tensor, ValueInfo } from './ir.ts';
import { claimName } from './layers.ts';
import { walkNodesOf } from './walk.ts';

interface Slot {
  before: Node[];
  /** What stands in the node's place; undefined: removed. */
  node: Node | undefined;
  after: Node[];
}

/**
 * Collects changes of a graph and makes the new one. The graph itself is never modified; all steps take constant time
 * and `build` linear time. Nodes are named by the object that the graph holds, also after they were replaced.
 *
 * ```ts
 * const editor = new GraphEditor(graph);
 * const scaled = editor.freshValue('x_scaled');
 * editor.insertBefore(node, makeNode('Mul', ['x', scale], [scaled]));
 * editor.replaceInput(node, 0, scaled);
 * const changed = editor.build();
 * ```
 */
export class GraphEditor {
  readonly #graph: Graph;
  readonly #slots: Map<Node, Slot>;
  readonly #initializers: Map<string, Tensor>;
  readonly #head: Node[] = [];
  readonly #tail: Node[] = [];
  readonly #valueNames: Set<string>;
  readonly #nodeNames: Set<string>;
  readonly #renamed = new Map<string, string>();
  #inputs: readonly ValueInfo[];
  #outputs: readonly ValueInfo[];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#slots = new Map(graph.nodes.map((node) => [node, { before: [], node, after: [] }]));
    this.#initializers = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.#valueNames = allValueNames(graph);
    this.#nodeNames = new Set(walkNodesOf(graph).map((node) => node.name));
    this.#inputs = graph.inputs;
    this.#outputs = graph.outputs;
  }

  /** A value name that occurs nowhere in the graph: `base`, or `base_2` …; taken from then on. */
  freshValue(base: string): string {
    return claimName(base, this.#valueNames);
  }

  /** A node name that occurs nowhere in the graph. */
  freshNode(base: string): string {
    return claimName(base, this.#nodeNames);
  }

  /** The node as it stands now; undefined once removed. */
  current(node: Node): Node | undefined {
    return this.#slot(node).node;
  }

  /** Adds nodes right before this one, after those inserted so earlier. */
  insertBefore(node: Node, ...added: readonly Node[]): void {
    this.#slot(node).before.push(...added);
  }

  /** Adds nodes right after this one, after those inserted so earlier. */
  insertAfter(node: Node, ...added: readonly Node[]): void {
    this.#slot(node).after.push(...added);
  }

  /** Adds nodes before all others. */
  prepend(...added: readonly Node[]): void {
    this.#head.push(...added);
  }

  /** Adds nodes after all others. */
  append(...added: readonly Node[]): void {
    this.#tail.push(...added);
  }

  /** Puts another node in this one's place. */
  replaceNode(node: Node, replacement: Node): void {
    this.#slot(node).node = replacement;
  }

  /** Lets a node take another value as its input `index`. */
  replaceInput(node: Node, index: number, value: string): void {
    const slot = this.#slot(node);
    assert(slot.node !== undefined && index < slot.node.inputs.length, `node '${node.name}' has an input ${index}`);
    slot.node = { ...slot.node, inputs: slot.node.inputs.with(index, value) };
  }

  /** Lets a node make another value as its output `index`. */
  replaceOutput(node: Node, index: number, value: string): void {
    const slot = this.#slot(node);
    assert(slot.node !== undefined && index < slot.node.outputs.length, `node '${node.name}' has an output ${index}`);
    slot.node = { ...slot.node, outputs: slot.node.outputs.with(index, value) };
  }

  /** Takes the node out; whoever used its outputs must be given others (`replaceUses`). */
  removeNode(node: Node): void {
    this.#slot(node).node = undefined;
  }

  /**
   * Lets every node that stood in the graph, subgraphs included, use `replacement` where it used `value`. Inserted nodes
   * keep what they were given, and graph outputs keep their names.
   */
  replaceUses(value: string, replacement: string): void {
    this.#renamed.set(value, replacement);
  }

  /** Adds an initializer, or puts it in place of the one with its name. */
  setInitializer(tensor: Tensor): void {
    this.#initializers.set(tensor.name, tensor);
    this.#valueNames.add(tensor.name);
  }

  removeInitializer(name: string): void {
    this.#initializers.delete(name);
  }

  setInputs(inputs: readonly ValueInfo[]): void {
    this.#inputs = inputs;
  }

  setOutputs(outputs: readonly ValueInfo[]): void {
    this.#outputs = outputs;
  }

  /** The changed graph. @param options.dropUnused leaves out initializers that nothing uses any more */
  build(options: { readonly dropUnused?: boolean } = {}): Graph {
    const nodes: Node[] = [...this.#head];
    for (const slot of this.#slots.values()) {
      nodes.push(...slot.before);
      if (slot.node !== undefined)
        nodes.push(this.#renamed.size > 0 ? renameUses(slot.node, this.#renamed) : slot.node);
      nodes.push(...slot.after);
    }
    nodes.push(...this.#tail);
    const graph: Graph = {
      ...this.#graph,
      nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
    return options.dropUnused === true ? dropUnusedInitializers(graph, this.#graph) : graph;
  }

  #slot(node: Node): Slot {
    const slot = this.#slots.get(node);
    assert(slot !== undefined, `node '${node.name}' (${node.opType}) stands in the graph that is edited`);
    return slot;
  }
}

/** Follows a → b → c; the set of names met guards against a ring of renames. */
function finalName(value: string, renamed: ReadonlyMap<string, string>): string {
  let name = value;
  for (let steps = 0; steps < renamed.size; steps++) {
    const next = renamed.get(name);
    if (next === undefined) break;
    name = next;
  }
  return name;
}

function renameUses(node: Node, renamed: ReadonlyMap<string, string>): Node {
  const inputs = node.inputs.some((value) => renamed.has(value))
    ? node.inputs.map((value) => finalName(value, renamed))
    : node.inputs;
  const holdsGraphs = node.attributes.some((attribute) => attribute.type === 'graph' || attribute.type === 'graphs');
  if (!holdsGraphs) return inputs === node.inputs ? node : { ...node, inputs };
  const attributes = node.attributes.map((attribute) => {
    if (attribute.type === 'graph') return { ...attribute, value: renameInSubgraph(attribute.value, renamed) };
    if (attribute.type !== 'graphs') return attribute;
    return { ...attribute, value: attribute.value.map((graph) => renameInSubgraph(graph, renamed)) };
  });
  return { ...node, inputs, attributes };
}

/** A subgraph that defines a value of this name itself means its own: the rename stops there. */
function renameInSubgraph(graph: Graph, renamed: ReadonlyMap<string, string>): Graph {
  const visible = new Map(renamed);
  for (const { name } of [...graph.inputs, ...graph.initializers]) visible.delete(name);
  for (const node of graph.nodes) for (const output of node.outputs) visible.delete(output);
  if (visible.size === 0) return graph;
  const nodes = graph.nodes.map((node) => renameUses(node, visible));
  const outputs = graph.outputs.map((info) => ({ ...info, name: finalName(info.name, visible) }));
  return { ...graph, nodes, outputs };
}

/** Leaves out initializers that were used, or are new, and that nothing uses now. */
function dropUnusedInitializers(graph: Graph, before: Graph): Graph {
  const used = usedNames(graph);
  const usedBefore = usedNames(before);
  const stood = new Set(before.initializers.map((tensor) => tensor.name));
  const keep = (tensor: Tensor): boolean =>
    used.has(tensor.name) || (stood.has(tensor.name) && !usedBefore.has(tensor.name));
  const initializers = graph.initializers.filter(keep);
  const kept = new Set(initializers.map((tensor) => tensor.name));
  // IR version 3 repeats initializers among the inputs: what lost its value must not become an input to feed.
  const inputs = graph.inputs.filter((info) => !stood.has(info.name) || kept.has(info.name));
  return { ...graph, initializers, inputs };
}

function usedNames(graph: Graph): Set<string> {
  const used = new Set(graph.outputs.map((info) => info.name));
  for (const node of graph.nodes) for (const value of usedValues(node)) used.add(value);
  return used;
}
