/** Why the CPU provider leaves a layer in float though codes lie beside it. */
import { tensorValues } from '../../graph/tensor-data.ts';
import type { Node } from '../../graph/ir.ts';
import { hasTrait, isQdq, roleOf } from '../../operators/ask.ts';
import { layerWeights } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { NodeAttributes } from '../../operators/node-attributes.ts';
import type { WeightedRole } from '../../operators/spec.ts';
import { biasRule, rangeBelowZero } from '../../passes/fusable-quantization.ts';
import type { Subject } from '../subject.ts';

/** The rules of fusion, each with what is said where it is broken. */
export const FUSION_RULES = {
  'bias-scale': 'the bias does not have the scale of data times weights, which the integer kernel takes for granted',
  'bias-zero-point': 'the bias has a zero point, which the integer kernel does not know',
  'bias-float': 'the bias is stored as floats; the integer kernel takes codes',
  'range-below-zero':
    'the range behind the activation reaches below 0 (a zero point that is not the least code), so the activation does not disappear into it',
  'activation-between':
    'an activation that no range can replace stands between the layer and the quantization of its output',
  'output-float': 'not every reader of the output takes codes: the integer kernel must give codes',
  'input-float': 'not all of its data are codes',
  'weights-float': 'its weights are floats',
  'data-by-channel': 'its data have a scale for each channel; kernels take one',
  'computed-scale': 'a scale is computed while the model runs',
  'other-scales': 'it only moves values, but input and output have different scales',
  attributes: 'the integer kernel cannot do what the attributes ask for',
  types: 'there is no integer kernel for codes of these types',
  'no-kernel': 'the CPU has no integer kernel for this operator',
  unknown: 'the runtime left it in float, for a reason that is not known here',
} as const;
export type FusionRule = keyof typeof FUSION_RULES;

/**
 * Rules that only the runtime can tell to be broken: it quantizes float weights and biases of convolutions and Gemm between codes
 * by itself, unless something else keeps it from fusing.
 */
export const ONLY_MEASURED: ReadonlySet<FusionRule> = new Set<FusionRule>(['bias-float', 'weights-float', 'unknown']);

/** Rules that `fusable-quantization` mends. */
export const MENDED: ReadonlySet<FusionRule> = new Set<FusionRule>([
  'bias-scale',
  'bias-zero-point',
  'bias-float',
  'range-below-zero',
]);

/**
 * The first rule that keeps a layer beside codes from its integer kernel, as far as the file tells; undefined: none that is
 * known. The order is from the reasons that no rewrite mends to those that one does.
 */
export function brokenRule(node: Node, subject: Subject): FusionRule | undefined {
  const { index } = subject;
  const role = roleOf(node);
  switch (role.kind) {
    case 'float':
      return 'no-kernel';
    case 'clip':
      return undefined;
    case 'weighted':
      return refusedAttributes(node, role, subject) ?? weightedRule(node, role, subject);
    case 'elementwise': {
      if (role.refuse?.(new NodeAttributes(node)) !== undefined) return 'attributes';
      const places = role.inputs === 'all' ? node.inputs.map((_, at) => at) : role.inputs;
      if (!places.every((at) => isDequantized(node.inputs[at] ?? '', subject))) return 'input-float';
      return (
        scaleRule(
          places.map((at) => node.inputs[at] ?? ''),
          subject,
        ) ?? outputRule(node, subject)
      );
    }
    case 'passthrough': {
      const [quantize] = index.consumers(node.outputs[0] ?? '');
      if (!hasTrait(quantize, 'quantizes')) return 'output-float';
      const dequantize = index.producer(node.inputs[role.input] ?? '');
      return dequantize !== undefined && !sameRange(dequantize, quantize!, subject) ? 'other-scales' : undefined;
    }
  }
}

function refusedAttributes(node: Node, role: WeightedRole, { index }: Subject): FusionRule | undefined {
  const weights = layerWeights(node);
  const codes = index.producer(node.inputs[weights?.input ?? 1] ?? '')?.inputs[0] ?? '';
  const weightDims = constantOf(index, codes)?.dims;
  if (weightDims === undefined || role.refuse === undefined) return undefined;
  const attributes = new NodeAttributes(node);
  const refused = role.refuse({
    weightDims,
    weightRank: weightDims.length,
    biasElements: undefined,
    int: (name, fallback) => attributes.int(name) ?? fallback,
  });
  return refused === undefined ? undefined : 'attributes';
}

function weightedRule(node: Node, role: WeightedRole, subject: Subject): FusionRule | undefined {
  const { index } = subject;
  const weights = layerWeights(node);
  const [data, weight] = [node.inputs[role.dataInput] ?? '', node.inputs[weights?.input ?? 1] ?? ''];
  if (!isDequantized(data, subject)) return 'input-float';
  if (!isDequantized(weight, subject)) return 'weights-float';
  const scales =
    scaleRule([data], subject) ??
    (isComputed(index.producer(weight)?.inputs[1], subject) ? 'computed-scale' : undefined);
  if (scales !== undefined) return scales;
  if (!typesFit(data, weight, subject)) return 'types';
  const output = outputRule(node, subject);
  if (output !== undefined && !(role.givesFloat && output !== 'range-below-zero')) return output;
  const problem = biasRule(node, index)?.problem ?? null;
  return problem === null ? undefined : problem === 'float' ? 'bias-float' : `bias-${problem}`;
}

/** Codes of 8 bits; weights without sign only beside data without sign. */
function typesFit(data: string, weight: string, { index, inference }: Subject): boolean {
  const [x, w] = [data, weight].map((value) => inference.values.get(index.producer(value)?.inputs[0] ?? '')?.dtype);
  if (x === undefined || w === undefined) return true;
  return /^u?int8$/.test(x) && /^u?int8$/.test(w) && !(x === 'int8' && w === 'uint8');
}

/** What is wrong behind the layer: who reads its output, and with which range. */
function outputRule(node: Node, subject: Subject): FusionRule | undefined {
  const { index } = subject;
  const output = node.outputs[0] ?? '';
  const readers = index.consumers(output);
  if (index.isOutput(output) || readers.length === 0) return 'output-float';
  if (readers.every((reader) => hasTrait(reader, 'quantizes'))) {
    return readers.some((reader) => isComputed(reader.inputs[1], subject)) ? 'computed-scale' : undefined;
  }
  const [next] = readers;
  if (readers.length > 1 || next === undefined) return 'output-float';
  const behind = index.consumers(next.outputs[0] ?? '');
  const toCodes = behind.length > 0 && behind.every((reader) => hasTrait(reader, 'quantizes'));
  if (!toCodes || index.isOutput(next.outputs[0] ?? '')) return 'output-float';
  if (roleOf(next).kind !== 'clip') return roleOf(next).kind === 'passthrough' ? 'output-float' : 'activation-between';
  return behind.some((quantize) => rangeBelowZero(quantize, index) !== undefined) ? 'range-below-zero' : undefined;
}

function scaleRule(values: readonly string[], subject: Subject): FusionRule | undefined {
  for (const value of values) {
    const scale = subject.index.producer(value)?.inputs[1] ?? '';
    if (isComputed(scale, subject)) return 'computed-scale';
    const tensor = constantOf(subject.index, scale);
    if (tensor !== undefined && tensorValues(tensor).length > 1) return 'data-by-channel';
  }
  return undefined;
}

function isComputed(scale: string | undefined, { index }: Subject): boolean {
  return scale !== undefined && scale !== '' && constantOf(index, scale) === undefined;
}

function sameRange(a: Node, b: Node, { index }: Subject): boolean {
  return [1, 2].every((at) => {
    const [x, y] = [a, b].map((node) => (node.inputs[at] ? constantOf(index, node.inputs[at]) : undefined));
    const [left, right] = [x, y].map((tensor) => (tensor === undefined ? 0 : Number(tensorValues(tensor)[0])));
    return left === right;
  });
}

/** Whether a value comes from a DequantizeLinear. */
function isDequantized(value: string, { index }: Subject): boolean {
  return hasTrait(index.producer(value), 'dequantizes');
}

/** Whether a layer reads activations that were codes; what reads float data and stored codes is only stored small. */
export function readsCodes(node: Node, { index }: Pick<Subject, 'index'>): boolean {
  if (isQdq(node)) return false;
  return node.inputs.some((value) => {
    const dequantize = index.producer(value);
    return hasTrait(dequantize, 'dequantizes') && constantOf(index, dequantize!.inputs[0] ?? '') === undefined;
  });
}
