import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { hasTrait, isQdq, roleOf } from '../operators/ask.ts';

/** A layer between DequantizeLinear and QuantizeLinear, whoever wrote them. */
export interface QdqGroup {
  readonly layer: string;
  readonly node: Node;
  /** A Relu or Clip between the layer and its QuantizeLinear. */
  readonly clip: Node | undefined;
  /** Behind the QuantizeLinear of the output; undefined where the output stays float (MatMul, Gemm). */
  readonly codes: string | undefined;
  /** The output as others read it: behind DequantizeLinear, or the float output itself. */
  readonly real: string;
  /** The output before quantization, as the float model calls it in most cases. */
  readonly raw: string;
}

/**
 * The quantized layers of a graph: all data inputs come from DequantizeLinear and the output goes, perhaps through a Relu or
 * Clip, to nothing but one QuantizeLinear; MatMul and Gemm also count when their output stays float.
 */
export function qdqGroups(graph: Graph): readonly QdqGroup[] {
  const index = indexGraph(graph);
  const names = layerNames(graph);
  return graph.nodes.flatMap((node, position) => {
    if (isQdq(node) || isClip(node) || !readsCodes(index, node)) return [];
    const group = groupOf(index, node, names[position]!);
    return group === undefined ? [] : [group];
  });
}

/** Whether the first input comes from DequantizeLinear, and every other that is computed from activations too. */
function readsCodes(index: GraphIndex, node: Node): boolean {
  const dequantized = (value: string): boolean => hasTrait(index.producer(value), 'dequantizes');
  const [first = '', ...rest] = node.inputs;
  if (!dequantized(first)) return false;
  const role = roleOf(node);
  if (role.kind !== 'weighted') return true;
  return rest.every((value, at) => value === '' || dequantized(value) || (at > 0 && role.floatBias));
}

function groupOf(index: GraphIndex, node: Node, layer: string): QdqGroup | undefined {
  const output = node.outputs[0] ?? '';
  const next = soleConsumer(index, output);
  const clip = next !== undefined && isClip(next) ? next : undefined;
  const raw = clip?.outputs[0] ?? output;
  const quantize = soleConsumer(index, raw);
  if (quantize !== undefined && hasTrait(quantize, 'quantizes')) {
    const codes = quantize.outputs[0] ?? '';
    const real = index.consumers(codes).find((reader) => hasTrait(reader, 'dequantizes'))?.outputs[0] ?? codes;
    return { layer, node, clip, codes, real, raw };
  }
  return mayGiveFloat(node) ? { layer, node, clip: undefined, codes: undefined, real: output, raw: output } : undefined;
}

function isClip(node: Node): boolean {
  return roleOf(node).kind === 'clip';
}

/** Whether its integer kernel may give float32 (MatMul, Gemm). */
function mayGiveFloat(node: Node): boolean {
  const role = roleOf(node);
  return role.kind === 'weighted' && role.givesFloat;
}

function soleConsumer(index: GraphIndex, value: string): Node | undefined {
  const consumers = index.consumers(value);
  return consumers.length === 1 && !index.isOutput(value) ? consumers[0] : undefined;
}
