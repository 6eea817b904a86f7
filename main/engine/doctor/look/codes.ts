/** Stored codes and their scales, wherever they stand: before a DequantizeLinear or in the operands of an integer kernel. */
import type { Node } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { hasTrait, isQdq, roleOf } from '../../operators/ask.ts';
import { layerWeights, outputChannels } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { operatorSpec } from '../../operators/table.ts';
import { codesBehind, storedCodes, type StoredCodes } from '../../passes/dequantized-weights.ts';
import type { Subject } from '../subject.ts';

/** The codes that are a layer's weights. */
export interface CodedWeights {
  readonly node: Node;
  readonly stored: StoredCodes;
  /** Axis of the codes that counts output channels. */
  readonly axis: number;
  /** Whether the data beside them is quantized too, so that an integer kernel may run. */
  readonly withCodes: boolean;
}

/** 8-bit weights of layers, by whoever stored them. */
export function codedWeights({ index }: Pick<Subject, 'index'>): readonly CodedWeights[] {
  return index.graph.nodes.flatMap((node) => {
    const weights = layerWeights(node);
    const role = roleOf(node);
    if (weights === undefined || role.kind !== 'weighted') return integerKernelWeights(node, { index });
    const dequantize = index.producer(node.inputs[weights.input] ?? '');
    if (!hasTrait(dequantize, 'dequantizes')) return [];
    const stored = codesBehind(index, dequantize!);
    const axis = stored === undefined ? undefined : outputChannels(node, stored.codes.dims)?.axis;
    if (stored === undefined || axis === undefined || !/^u?int8$/.test(stored.codes.dtype)) return [];
    const withCodes = hasTrait(index.producer(node.inputs[role.dataInput] ?? ''), 'dequantizes');
    return [{ node, stored, axis, withCodes }];
  });
}

/** Of kernels that name scale and zero point behind each operand, and of those that take no scale. */
function integerKernelWeights(node: Node, { index }: Pick<Subject, 'index'>): readonly CodedWeights[] {
  const spec = operatorSpec(node.domain, node.opType);
  const at = spec?.parameterInputs[0];
  if (!hasTrait(node, 'integerKernel') || spec === undefined || at === undefined) return [];
  const role = spec.inputRoles[at] ?? '';
  const of = (part: string): number =>
    spec.inputRoles.findIndex((name) => name.toLowerCase() === `${role.toLowerCase()}_${part}`);
  const operands = [at, of('scale'), of('zero_point')].map((place) => (place < 0 ? '' : (node.inputs[place] ?? '')));
  const codes = constantOf(index, operands[0]!);
  if (codes === undefined || !/^u?int8$/.test(codes.dtype) || operands[1] === '') return [];
  const axis = codes.dims.length > 2 ? 0 : codes.dims.length - 1;
  const stored = storedCodes(index, operands, { axis });
  return stored === undefined ? [] : [{ node, stored, axis, withCodes: true }];
}

/** A scale in use: of a QuantizeLinear or DequantizeLinear. */
export interface UsedScale {
  readonly name: string;
  readonly values: ArrayLike<number | bigint>;
  readonly nodes: readonly Node[];
}

/** Every constant scale of the conversions, once. */
export function usedScales({ index }: Pick<Subject, 'index'>): readonly UsedScale[] {
  const users = Map.groupBy(
    index.graph.nodes.filter((node) => isQdq(node)),
    (node) => node.inputs[1] ?? '',
  );
  return [...users].flatMap(([name, nodes]) => {
    const tensor = constantOf(index, name);
    return tensor === undefined ? [] : [{ name, values: tensorValues(tensor), nodes }];
  });
}
