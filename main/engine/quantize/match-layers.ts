/** Which layers of a float model are found again in a quantized one. */
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { hasPackedWeights, hasTrait, isQdq } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import type { ValueKnowledge } from '../passes/upgrade-opset.ts';
import { qdqGroups, type QdqGroup } from './qdq-groups.ts';

/** A layer of the float model, and where its output is found in the quantized one. */
export interface Match {
  readonly name: string;
  readonly op: string;
  /** In the float model. */
  readonly tensor: string;
  /** In the quantized model, dequantized. */
  readonly real: string;
  /** undefined: the layer computes in float in both models. */
  readonly group: QdqGroup | undefined;
  /** In the quantized model, a layer without a group whose weights alone are codes. */
  readonly coded: Node | undefined;
}

/** The layers of the float model whose output can be found in the quantized one, in the float model's order. */
export function matchLayers(float: Graph, quantized: Graph, knowledge: ValueKnowledge): readonly Match[] {
  const [inFloat, inQuantized] = [indexGraph(float), indexGraph(quantized)];
  const names = layerNames(float);
  const known = new Set(names);
  const groups = new Map<string, { group: QdqGroup; tensor: string }>();
  for (const group of qdqGroups(quantized)) {
    const tensor = [group.real, group.raw].find((name) => inFloat.producer(name) !== undefined);
    const layer = known.has(group.layer) ? group.layer : layerOf(inFloat, names, tensor);
    if (tensor !== undefined && layer !== undefined) groups.set(layer, { group, tensor });
  }
  // What lies inside of a group (a Conv's output before its Relu) is not tapped: that would keep it from fusing.
  const covered = new Set([...groups.values()].map(({ tensor }) => tensor));
  for (const group of qdqGroups(quantized)) {
    if (group.codes !== undefined) covered.add(group.raw).add(group.node.outputs[0] ?? '');
  }
  return float.nodes.flatMap((node, at): Match[] => {
    const name = names[at]!;
    const found = groups.get(name);
    if (found !== undefined) return [{ name, op: node.opType, ...found, real: found.group.real, coded: undefined }];
    const tensor = node.outputs[0] ?? '';
    const same = inQuantized.producer(tensor);
    const comparable = !hasTrait(node, 'constant') && !isQdq(node) && same !== undefined && !isQdq(same);
    if (!comparable || covered.has(tensor) || knowledge.dtype(tensor) !== 'float32') return [];
    const coded = hasCodedWeights(inQuantized, same) ? same : undefined;
    return [{ name, op: node.opType, tensor, real: tensor, group: undefined, coded }];
  });
}

function hasCodedWeights(index: GraphIndex, node: Node): boolean {
  return hasPackedWeights(node) || node.inputs.some((value) => isStoredInCodes(index, value));
}

/** Whether a value is a constant that stands in codes before a DequantizeLinear. */
export function isStoredInCodes(index: GraphIndex, value: string): boolean {
  const dequantize = index.producer(value);
  return (
    dequantize !== undefined &&
    hasTrait(dequantize, 'dequantizes') &&
    constantOf(index, dequantize.inputs[0] ?? '') !== undefined
  );
}

function layerOf(index: GraphIndex, names: readonly string[], tensor: string | undefined): string | undefined {
  const producer = tensor === undefined ? undefined : index.producer(tensor);
  return producer === undefined ? undefined : names[index.position(producer)];
}
