import { floatAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { makeNode, makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { hasTrait, roleOf } from '../operators/ask.ts';
import { layerWeights } from '../operators/axes.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { NodeAttributes } from '../operators/node-attributes.ts';
import { roundHalfEven } from '../tensor/rounding.ts';
import { codesBehind, dequantize } from './dequantized-weights.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Rewrites quantization that integer kernels refuse, so that they fuse:
 * - behind an activation that lets nothing below 0 through, the range begins at 0 (zero point = least code), so that the
 *   activation disappears into it;
 * - biases become int32 with zero point 0 and scale s_x·s_w for each channel.
 * Values change by their rounding: steps get finer, biases move by half a step at most.
 */
export function fusableQuantization(model: Model): PassResult {
  const ranged = rangesFromZero(model.graph);
  const biased = integerBiases(ranged.graph);
  const changes = [
    ...(ranged.count === 0 ? [] : [`${ranged.count} ranges begin at 0 now.`]),
    ...(biased.count === 0 ? [] : [`${biased.count} biases have the scale of their products now.`]),
  ];
  if (changes.length === 0) return unchanged(model);
  return { model: { ...model, graph: biased.graph }, sources: new Map(), notes: changes };
}

const LEAST: Readonly<Record<string, number>> = { uint8: 0, int8: -128 };

/** A QuantizeLinear behind a Relu or Clip from 0 on whose range reaches below 0. */
export function rangeBelowZero(
  quantize: Node,
  index: GraphIndex,
):
  | { readonly scale: number; readonly zeroPoint: number; readonly least: number; readonly dtype: 'uint8' | 'int8' }
  | undefined {
  const clip = index.producer(quantize.inputs[0] ?? '');
  if (clip === undefined || lowOf(clip, index) !== 0) return undefined;
  const [scale, zero] = [1, 2].map((at) => constantOf(index, quantize.inputs[at] ?? ''));
  if (scale === undefined || zero === undefined) return undefined;
  const [scales, zeros] = [tensorValues(scale), tensorValues(zero)];
  const least = LEAST[zero.dtype];
  if (scales.length !== 1 || zeros.length !== 1 || least === undefined) return undefined;
  const zeroPoint = Number(zeros[0]);
  if (zeroPoint === least) return undefined;
  return { scale: Number(scales[0]), zeroPoint, least, dtype: zero.dtype as 'uint8' | 'int8' };
}

function lowOf(clip: Node, index: GraphIndex): number | undefined {
  const role = roleOf(clip);
  if (role.kind !== 'clip') return undefined;
  return role.bounds({
    attributes: new NodeAttributes(clip),
    number: (at) => {
      const value = clip.inputs[at] ?? '';
      if (value === '') return null;
      const tensor = constantOf(index, value);
      return tensor === undefined ? undefined : Number(tensorValues(tensor)[0]);
    },
  })?.low;
}

interface Changed {
  readonly graph: Graph;
  readonly count: number;
}

function rangesFromZero(graph: Graph): Changed {
  const index = indexGraph(graph);
  const editor = new GraphEditor(graph);
  let count = 0;
  for (const quantize of graph.nodes) {
    if (!hasTrait(quantize, 'quantizes')) continue;
    const range = rangeBelowZero(quantize, index);
    if (range === undefined) continue;
    const { scale, zeroPoint, least, dtype } = range;
    const top = (least + 255 - zeroPoint) * scale;
    const names = [
      editor.freshValue(`${quantize.inputs[1]}_from_0`),
      editor.freshValue(`${quantize.inputs[2]}_from_0`),
    ];
    editor.setInitializer(makeTensor(names[0]!, 'float32', [], Float32Array.of(top / 255)));
    editor.setInitializer(makeTensor(names[1]!, dtype, [], Float64Array.of(least)));
    for (const node of sharingRange(quantize, index)) {
      names.forEach((name, at) => editor.replaceInput(node, at + 1, name));
    }
    count++;
  }
  return count === 0 ? { graph, count } : { graph: editor.build({ dropUnused: true }), count };
}

/** The conversions of a value, and of what only moves it with the same range. */
function sharingRange(quantize: Node, index: GraphIndex): readonly Node[] {
  const found: Node[] = [quantize];
  for (const node of found) {
    for (const reader of index.consumers(node.outputs[0] ?? '')) {
      if (hasTrait(reader, 'dequantizes')) {
        if (!found.includes(reader)) found.push(reader);
      } else if (!hasTrait(node, 'quantizes') && roleOf(reader).kind === 'passthrough') {
        for (const next of index.consumers(reader.outputs[0] ?? '')) {
          const same = hasTrait(next, 'quantizes') && sameNumbers(next, quantize, index);
          if (same && !found.includes(next)) found.push(next);
        }
      }
    }
  }
  return found;
}

function sameNumbers(a: Node, b: Node, index: GraphIndex): boolean {
  return [1, 2].every((at) => {
    const [x, y] = [a, b].map((node) => constantOf(index, node.inputs[at] ?? ''));
    return x !== undefined && y !== undefined && Number(tensorValues(x)[0]) === Number(tensorValues(y)[0]);
  });
}

/** Scale and zero point that the bias of a layer must have to fuse; undefined: it has no bias, or is not quantized. */
export interface BiasRule {
  readonly input: number;
  /** Of each channel: s_x·s_w. */
  readonly scales: Float32Array;
  readonly real: Float32Array;
  /** What is wrong with the bias as it is. */
  readonly problem: 'float' | 'scale' | 'zero-point' | null;
}

/** How the bias of a layer with quantized data and weights has to be written. */
export function biasRule(node: Node, index: GraphIndex): BiasRule | undefined {
  const role = roleOf(node);
  const weights = layerWeights(node);
  if (role.kind !== 'weighted' || role.floatBias || weights?.bias === undefined) return undefined;
  const name = node.inputs[weights.bias] ?? '';
  const [data, weight] = [role.dataInput, weights.input].map((at) => index.producer(node.inputs[at] ?? ''));
  if (name === '' || !hasTrait(data, 'dequantizes') || !hasTrait(weight, 'dequantizes')) return undefined;
  const dataScale = constantOf(index, data!.inputs[1] ?? '');
  const weightScale = constantOf(index, weight!.inputs[1] ?? '');
  if (dataScale === undefined || weightScale === undefined || floatAttribute(node, 'beta', 1) !== 1) return undefined;
  const [x, w] = [tensorValues(dataScale), tensorValues(weightScale)];
  if (x.length !== 1) return undefined;
  const factor = Number(x[0]) * floatAttribute(node, 'alpha', 1);
  const scales = Float32Array.from({ length: w.length }, (_, at) => factor * Number(w[at]));
  const behind = index.producer(name);
  if (behind !== undefined && hasTrait(behind, 'dequantizes')) {
    const stored = codesBehind(index, behind);
    if (stored === undefined) return undefined;
    const real = tensorValues(dequantize(name, stored)) as Float32Array;
    const zero = stored.zeroPoints;
    const offset =
      zero !== undefined && Array.from({ length: zero.length }, (_, at) => zero[at]).some((one) => Number(one) !== 0);
    const off =
      stored.scales.length !== scales.length ||
      scales.some((scale, at) => Math.abs(Number(stored.scales[at]) / scale - 1) > 1e-3);
    return { input: weights.bias, scales, real, problem: offset ? 'zero-point' : off ? 'scale' : null };
  }
  const tensor = constantOf(index, name);
  if (tensor?.dtype !== 'float32') return undefined;
  return { input: weights.bias, scales, real: tensorValues(tensor) as Float32Array, problem: 'float' };
}

const MOST = 2 ** 31 - 1;

function integerBiases(graph: Graph): Changed {
  const index = indexGraph(graph);
  const editor = new GraphEditor(graph);
  let count = 0;
  for (const node of graph.nodes) {
    const rule = biasRule(node, index);
    if (rule === undefined || rule.problem === null) continue;
    const { scales, real, input } = rule;
    const codes = Float64Array.from(real, (value, at) => roundHalfEven(value / scales[scales.length === 1 ? 0 : at]!));
    if ((scales.length !== 1 && scales.length !== real.length) || codes.some((code) => !(Math.abs(code) <= MOST)))
      continue;
    const base = node.inputs[input]!;
    const [codeName, scaleName, value] = ['codes', 'scale', 'real'].map((part) =>
      editor.freshValue(`${base}_${part}`),
    ) as [string, string, string];
    editor.setInitializer(makeTensor(codeName, 'int32', [codes.length], codes));
    editor.setInitializer(makeTensor(scaleName, 'float32', scales.length === 1 ? [] : [scales.length], scales));
    const attributes = scales.length === 1 ? {} : { axis: 0n };
    const name = editor.freshNode(`${node.name}/bias`);
    editor.insertBefore(node, makeNode('DequantizeLinear', [codeName, scaleName], [value], { name, attributes }));
    editor.replaceInput(node, input, value);
    count++;
  }
  if (count === 0) return { graph, count };
  const changed = editor.build({ dropUnused: true });
  return { graph: withoutUnreadConversions(changed), count };
}

function withoutUnreadConversions(graph: Graph): Graph {
  const index = indexGraph(graph);
  const unread = graph.nodes.filter(
    (node) =>
      hasTrait(node, 'dequantizes') &&
      index.consumers(node.outputs[0]!).length === 0 &&
      !index.isOutput(node.outputs[0]!),
  );
  if (unread.length === 0) return graph;
  const editor = new GraphEditor(graph);
  for (const node of unread) editor.removeNode(node);
  return editor.build({ dropUnused: true });
}
