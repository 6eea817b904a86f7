import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { hasTrait, isQdq, roleOf } from '../operators/ask.ts';
import { layerWeights } from '../operators/axes.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { floatCopyNode } from '../operators/nodes.ts';

export interface Shielded {
  readonly graph: Graph;
  /** The node that each inserted one serves, by name. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/**
 * Keeps layers in float that the plan leaves in float between integer layers: the runtime would fuse what stands between a
 * DequantizeLinear and a QuantizeLinear, whoever meant what, and moves both over operators that only move values. It does
 * neither over a float copy, which costs one pass over the tensor:
 * - operators on several values or with arithmetic: behind their output;
 * - operators that move values: on each side that touches a conversion;
 * - matrix products of activations: before one operand;
 * - layers with float weights behind a DequantizeLinear with one scale: before them, or their weights would be quantized.
 * @param graph with pairs written, every node named uniquely
 * @param layers `integer`: nodes that shall fuse; `refused`: nodes that must not
 */
export function shieldFloat(
  graph: Graph,
  layers: { readonly integer: ReadonlySet<string>; readonly refused: ReadonlySet<string> },
): Shielded {
  const index = indexGraph(graph);
  const editor = new GraphEditor(graph);
  const sources = new Map<string, readonly string[]>();
  const name = (node: Node): string => {
    const made = editor.freshNode(`${node.name}/float`);
    sources.set(made, [node.name]);
    return made;
  };
  for (const node of graph.nodes) {
    if (layers.integer.has(node.name) || isQdq(node)) continue;
    const { inputs, outputs } = sidesToShield(node, index, layers.refused.has(node.name));
    for (const at of inputs) {
      const copy = editor.freshValue(`${node.inputs[at]}_copy`);
      editor.insertBefore(node, floatCopyNode([node.inputs[at] ?? ''], copy, { name: name(node) }));
      editor.replaceInput(node, at, copy);
    }
    for (const at of outputs) {
      const value = node.outputs[at] ?? '';
      const raw = editor.freshValue(`${value}_float`);
      editor.replaceOutput(node, at, raw);
      editor.insertAfter(node, floatCopyNode([raw], value, { name: name(node) }));
    }
  }
  return sources.size === 0 ? { graph, sources } : { graph: editor.build(), sources };
}

interface Sides {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const NONE: Sides = { inputs: [], outputs: [] };

function sidesToShield(node: Node, index: GraphIndex, refused: boolean): Sides {
  const role = roleOf(node);
  const fed = node.inputs.flatMap((value, at) => (isDequantized(value, index) ? [at] : []));
  const used = node.outputs.flatMap((value, at) => (isQuantized(value, index) ? [at] : []));
  switch (role.kind) {
    case 'passthrough':
      return refused || (fed.length > 0 && used.length > 0) ? { inputs: fed, outputs: used } : NONE;
    case 'elementwise':
    case 'clip':
      return fed.length > 0 ? { inputs: [], outputs: used } : NONE;
    case 'weighted':
      if (role.activations?.every((at) => fed.includes(at)) === true) {
        return { inputs: role.activations.slice(0, 1), outputs: [] };
      }
      return layerWeights(node)?.dataChannels === undefined
        ? NONE
        : { inputs: oneScale(node, role.dataInput, index), outputs: [] };
    case 'float':
      return layerWeights(node)?.dataChannels === undefined ? NONE : { inputs: oneScale(node, 0, index), outputs: [] };
  }
}

/** The data input, where its codes have one scale for all channels. */
function oneScale(node: Node, dataInput: number, index: GraphIndex): readonly number[] {
  const value = node.inputs[dataInput] ?? '';
  if (!isDequantized(value, index)) return [];
  const scale = constantOf(index, index.producer(value)?.inputs[1] ?? '');
  return scale?.dims.length === 0 ? [dataInput] : [];
}

/** Whether the value is an activation behind a DequantizeLinear. */
function isDequantized(value: string, index: GraphIndex): boolean {
  const producer = index.producer(value);
  return (
    producer !== undefined &&
    hasTrait(producer, 'dequantizes') &&
    constantOf(index, producer.inputs[0] ?? '') === undefined
  );
}

function isQuantized(value: string, index: GraphIndex): boolean {
  return index.consumers(value).some((consumer) => hasTrait(consumer, 'quantizes'));
}
