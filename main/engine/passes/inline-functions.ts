import { StudioError } from '../../base/errors.ts';
import { GraphEditor } from '../graph/edit.ts';
import { allValueNames } from '../graph/index-graph.ts';
import type { Attribute, FunctionDef, Graph, Model, Node, OpsetImport } from '../graph/ir.ts';
import { claimName } from '../graph/layers.ts';
import { makeNode } from '../graph/make.ts';
import { walkNodes } from '../graph/walk.ts';
import { bindAttributes, indexFunctions } from '../operators/function-call.ts';
import { unchanged, type PassResult } from './pass.ts';
import { renameValues } from './rename-values.ts';
import { defaultOpset, NOTHING_KNOWN, rewriteNode, upgradeScope } from './upgrade-opset.ts';

/** Nodes that calls may become, all together: functions that call each other twice can describe billions. */
const MAX_NODES = 200_000;

/**
 * Puts the nodes of the model's own functions in the place of their calls, nested ones and those in subgraphs too, with the
 * caller's attributes. A function of an older opset than the model's is rewritten in the model's; one that cannot be stays a
 * call. The new nodes are named `<call>/<node>` and stand for the layer that made the call.
 * @param model every node named uniquely, as its layer
 */
export function inlineFunctions(model: Model): PassResult {
  if (model.functions.length === 0) return unchanged(model);
  const inliner = new Inliner(model);
  const graph = inliner.inlineGraph(model.graph, undefined, []);
  if (inliner.calls === 0) return { ...unchanged(model), notes: inliner.notes() };
  const left = [...inliner.refused.keys()];
  return {
    model: {
      ...model,
      graph,
      opsetImports: inliner.opsetImports(),
      functions: left.length === 0 ? [] : model.functions,
    },
    sources: inliner.sources,
    notes: inliner.notes(),
  };
}

class Inliner {
  readonly sources = new Map<string, readonly string[]>();
  /** Functions that stay, and why. */
  readonly refused = new Map<FunctionDef, string>();
  calls = 0;
  readonly #model: Model;
  readonly #functionOf: ReturnType<typeof indexFunctions>;
  readonly #values: Set<string>;
  readonly #layers = new Map<Node, string>();
  readonly #nodes: Set<string>;
  readonly #used = new Set<FunctionDef>();
  #made = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#functionOf = indexFunctions(model);
    this.#values = allValueNames(model.graph);
    for (const { node, layer } of walkNodes(model)) this.#layers.set(node, layer);
    this.#nodes = new Set([...this.#layers].flatMap(([{ name }, layer]) => [name, layer]));
  }

  notes(): readonly string[] {
    const stays = [...this.refused].map(([{ name }, reason]) => `Function '${name}' stays a call: ${reason}.`);
    if (this.calls === 0) return stays;
    return [
      `${this.calls} function call${this.calls === 1 ? '' : 's'} replaced by the nodes of the function.`,
      ...stays,
    ];
  }

  /** The model's, and those of other domains that the functions use. */
  opsetImports(): readonly OpsetImport[] {
    const imports = [...this.#model.opsetImports];
    const known = new Set(imports.map(({ domain }) => domain));
    for (const { opsetImports } of this.#used) {
      for (const entry of opsetImports) {
        if (isDefault(entry.domain) || known.has(entry.domain)) continue;
        known.add(entry.domain);
        imports.push(entry);
      }
    }
    return imports;
  }

  /** @param layer whose function the graph is part of; undefined: the model's own. @param open functions around it */
  inlineGraph(graph: Graph, layer: string | undefined, open: readonly FunctionDef[]): Graph {
    const editor = new GraphEditor(graph);
    let changed = false;
    for (const original of graph.nodes) {
      const nodes = this.#inline(original, layer, open, editor);
      if (nodes.length === 1 && nodes[0] === original) continue;
      changed = true;
      const [first, ...rest] = nodes;
      if (first === undefined) editor.removeNode(original);
      else editor.replaceNode(original, first);
      editor.insertAfter(original, ...rest);
    }
    return changed ? editor.build() : graph;
  }

  #inline(node: Node, layer: string | undefined, open: readonly FunctionDef[], editor: GraphEditor): readonly Node[] {
    const definition = this.#functionOf(node);
    if (definition === undefined) return [this.#inlineSubgraphs(node, layer, open)];
    const reason = this.#refusal(definition, open);
    if (reason !== undefined) {
      this.refused.set(definition, reason);
      return [node];
    }
    const call = layer ?? this.#layers.get(node) ?? node.name;
    let body: readonly Node[];
    try {
      body = this.#bodyOf(node, definition, call, editor);
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'UNSUPPORTED') throw error;
      this.refused.set(definition, error.message);
      return [node];
    }
    this.calls++;
    this.#used.add(definition);
    return body.flatMap((inner) => this.#inline(inner, call, [...open, definition], editor));
  }

  #refusal(definition: FunctionDef, open: readonly FunctionDef[]): string | undefined {
    if (open.includes(definition)) return 'it calls itself';
    if (this.#made + definition.nodes.length > MAX_NODES) return `the calls would become over ${MAX_NODES} nodes`;
    const [theirs, ours] = [this.#opsetOf(definition), defaultOpset(this.#model)];
    return theirs > ours ? `it is written in opset ${theirs}, the model in ${ours}` : undefined;
  }

  #opsetOf({ opsetImports }: FunctionDef): number {
    return opsetImports.find(({ domain }) => isDefault(domain))?.version ?? defaultOpset(this.#model);
  }

  #bodyOf(call: Node, definition: FunctionDef, layer: string, editor: GraphEditor): readonly Node[] {
    const names = new Map<string, string>();
    definition.inputs.forEach((name, at) => names.set(name, call.inputs[at] ?? ''));
    const passed: Node[] = [];
    definition.outputs.forEach((name, at) => {
      const output = call.outputs[at] ?? '';
      if (output === '') return;
      if (definition.inputs.includes(name)) {
        const identity = makeNode('Identity', [names.get(name) ?? ''], [output], {
          name: this.#node(`${call.name}/Identity`),
        });
        passed.push(identity);
      } else names.set(name, output);
    });
    const fresh = (value: string): string => claimName(`${call.name}/${value}`, this.#values);
    const range = { from: this.#opsetOf(definition), to: defaultOpset(this.#model) };
    const body = bindAttributes(definition, call).flatMap((inner, at): readonly Node[] => {
      const name = this.#node(`${call.name}/${inner.name === '' ? `${inner.opType}_${at}` : inner.name}`);
      const renamed = { ...renameValues(inner, names, fresh), name };
      if (range.from === range.to || !isDefault(renamed.domain)) return [renamed];
      if (renamed.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) {
        throw new StudioError('UNSUPPORTED', `'${name}' holds subgraphs of an older opset`);
      }
      return rewriteNode(renamed, range, upgradeScope(editor, name, NOTHING_KNOWN));
    });
    const nodes = [...passed, ...body];
    for (const { name } of nodes) this.sources.set(name, [layer]);
    this.#made += nodes.length;
    return nodes;
  }

  #node(name: string): string {
    return claimName(name, this.#nodes);
  }

  #inlineSubgraphs(node: Node, layer: string | undefined, open: readonly FunctionDef[]): Node {
    if (!node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) return node;
    const inline = (graph: Graph): Graph => this.inlineGraph(graph, layer, open);
    const attributes = node.attributes.map((attribute): Attribute => {
      if (attribute.type === 'graph') return { ...attribute, value: inline(attribute.value) };
      if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(inline) };
      return attribute;
    });
    return attributes.every((attribute, at) => sameGraphs(attribute, node.attributes[at]!))
      ? node
      : { ...node, attributes };
  }
}

function sameGraphs(a: Attribute, b: Attribute): boolean {
  if (a.type === 'graphs' && b.type === 'graphs') return a.value.every((graph, at) => graph === b.value[at]);
  return a.value === b.value;
}

function isDefault(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}
