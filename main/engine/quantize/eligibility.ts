/** Whether a single layer could run in integers, seen by itself; the plan then looks at its neighbours. */
import { floatAttribute, intAttribute, stringAttribute } from '../graph/attributes.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import type { QuantizationRole } from '../operators/spec.ts';
import { constantFloats, constantOf } from '../operators/constant-behind.ts';
import type { ClipBounds, Unit } from './unit.ts';
import type { ValueKnowledge } from '../passes/upgrade-opset.ts';

/** A layer that could run in integers, or why not. */
export type Eligibility = { readonly unit: Unit } | { readonly reason: string };

interface Surroundings {
  readonly index: GraphIndex;
  readonly knowledge: ValueKnowledge;
}

/** What keeps whole operators in float32, where the role alone would not say it. */
const FLOAT_REASONS: Readonly<Record<string, string>> = {
  ConvTranspose: 'the CPU provider has no integer ConvTranspose',
  Pad: 'the CPU provider has no integer Pad',
  LayerNormalization: 'LayerNormalization has no integer kernel, and needs float precision',
  InstanceNormalization: 'InstanceNormalization has no integer kernel, and needs float precision',
  BatchNormalization: 'BatchNormalization stands behind no layer that it could be folded into',
  LSTM: 'recurrent layers stay in float32',
  GRU: 'recurrent layers stay in float32',
  RNN: 'recurrent layers stay in float32',
  QuantizeLinear: 'part of a quantization that the model already has',
  DequantizeLinear: 'part of a quantization that the model already has',
  Constant: 'a constant',
};

const ALREADY_INTEGER = /^(QLinear|QGemm|ConvInteger|MatMulInteger|DynamicQuantize|MatMulNBits|QAttention|MatMulBnb4)/;

/**
 * Decides for a layer by its operator's role and its own operands.
 * @param layer the layer's name
 */
export function eligibility(node: Node, layer: string, role: QuantizationRole, around: Surroundings): Eligibility {
  if (ALREADY_INTEGER.test(node.opType)) return { reason: 'already quantized' };
  if (node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) {
    return { reason: 'holds subgraphs, which stay in float32' };
  }
  switch (role.kind) {
    case 'weighted':
      return weighted(node, layer, role, around);
    case 'elementwise': {
      const inputs = role.inputs === 'all' ? node.inputs.map((_, at) => at) : role.inputs;
      return elementwise(node, layer, inputs, around);
    }
    case 'passthrough':
      return passthrough(node, layer, role.input, around);
    case 'clip':
      return { reason: 'stands behind no layer whose output range could replace it' };
    case 'float': {
      const dtype = around.knowledge.dtype(node.outputs[0] ?? '');
      if (dtype !== undefined && !dtype.startsWith('float')) return { reason: `works on ${dtype} values` };
      return { reason: FLOAT_REASONS[node.opType] ?? `the CPU provider runs ${node.opType} in float only` };
    }
  }
}

type WeightedRole = Extract<QuantizationRole, { kind: 'weighted' }>;

function weighted(node: Node, layer: string, role: WeightedRole, around: Surroundings): Eligibility {
  const { index, knowledge } = around;
  const weightName = node.inputs[role.weightInput] ?? '';
  const weight = constantOf(index, weightName);
  if (weight === undefined) {
    if (index.producer(weightName)?.opType === 'DequantizeLinear') return { reason: 'already quantized' };
    if (node.opType === 'MatMul') return productOfActivations(node, layer, around);
    return { reason: 'its weights are computed while the model runs' };
  }
  if (weight.dtype !== 'float32')
    return { reason: `its weights are ${weight.dtype}, integer kernels take float32 models` };
  const refusal = refuseOperands(node, role, around);
  if (refusal !== undefined) return { reason: refusal };
  const rank = weight.dims.length;
  if (node.opType === 'MatMul' && rank < 2) return { reason: 'its weights are a vector' };
  const biasName = role.biasInput === undefined ? '' : (node.inputs[role.biasInput] ?? '');
  const channelAxis = role.channelAxis({
    weightRank: rank,
    int: (attribute, fallback) => intAttribute(node, attribute, fallback),
  });
  const data = node.inputs[role.dataInput] ?? '';
  if (constantOf(index, data) !== undefined) return { reason: 'both its operands are constant' };
  const dtype = knowledge.dtype(data);
  if (dtype !== undefined && dtype !== 'float32') return { reason: `its input is ${dtype}` };
  return {
    unit: {
      kind: 'weighted',
      layer,
      node,
      dataInputs: [role.dataInput],
      constantInputs: [],
      weights: {
        weightInput: role.weightInput,
        biasInput: biasName === '' ? undefined : role.biasInput,
        // Batched weights [B, K, N]: the kernel takes one scale only.
        channelAxis: node.opType === 'MatMul' && rank !== 2 ? undefined : channelAxis,
      },
      absorbed: undefined,
      quantizesOutput: true,
    },
  };
}

function refuseOperands(node: Node, role: WeightedRole, { index }: Surroundings): string | undefined {
  const biasName = role.biasInput === undefined ? '' : (node.inputs[role.biasInput] ?? '');
  const bias = biasName === '' ? undefined : constantFloats(index, biasName);
  if (biasName !== '' && bias === undefined) return 'its bias is not a float32 constant';
  if (node.opType !== 'Gemm') return undefined;
  if (intAttribute(node, 'transA', 0) !== 0) return 'it transposes its input';
  const [rows, columns] = constantOf(index, node.inputs[role.weightInput] ?? '')?.dims ?? [];
  const width = intAttribute(node, 'transB', 0) === 0 ? columns : rows;
  if (bias === undefined || bias.values.length === 1 || bias.values.length === width) return undefined;
  return `its bias has ${bias.values.length} elements, the integer kernel takes one for each of ${width} outputs`;
}

/** MatMul without constant weights: attention scores and their product with the values. */
function productOfActivations(node: Node, layer: string, around: Surroundings): Eligibility {
  const types = node.inputs.map((value) => around.knowledge.dtype(value));
  if (types.some((dtype) => dtype !== 'float32')) {
    return { reason: `a product of ${types.map((dtype) => dtype ?? 'unknown').join(' and ')} values` };
  }
  return elementwise(node, layer, [0, 1], around);
}

function elementwise(node: Node, layer: string, inputs: readonly number[], around: Surroundings): Eligibility {
  const { index, knowledge } = around;
  const dataInputs: number[] = [];
  const constantInputs: number[] = [];
  for (const at of inputs) {
    const value = node.inputs[at] ?? '';
    const constant = constantOf(index, value);
    const dtype = constant?.dtype ?? knowledge.dtype(value);
    if (dtype !== undefined && dtype !== 'float32') return { reason: `works on ${dtype} values` };
    if (constant === undefined) dataInputs.push(at);
    else if (constantFloats(index, value)?.values.every(Number.isFinite) === true) constantInputs.push(at);
    else return { reason: 'a constant operand is not finite' };
  }
  if (dataInputs.length === 0) return { reason: 'all its operands are constant' };
  if (node.outputs.filter((value) => value !== '').length !== 1) return { reason: 'it has several outputs' };
  return {
    unit: {
      kind: 'elementwise',
      layer,
      node,
      dataInputs,
      constantInputs,
      weights: undefined,
      absorbed: undefined,
      quantizesOutput: true,
    },
  };
}

function passthrough(node: Node, layer: string, input: number, around: Surroundings): Eligibility {
  const value = node.inputs[input] ?? '';
  if (constantOf(around.index, value) !== undefined) return { reason: 'it moves a constant' };
  const dtype = around.knowledge.dtype(value);
  if (dtype !== undefined && dtype !== 'float32') return { reason: `moves ${dtype} values` };
  // MaxPool's indices, Dropout's mask: only Split makes several outputs of the same kind.
  if (node.opType !== 'Split' && node.outputs.slice(1).some((output) => output !== '')) {
    return { reason: 'its second output is asked for' };
  }
  if (node.opType === 'Resize' && stringAttribute(node, 'mode', 'nearest') === 'cubic') {
    return { reason: 'cubic interpolation has no integer kernel' };
  }
  return {
    unit: {
      kind: 'passthrough',
      layer,
      node,
      dataInputs: [input],
      constantInputs: [],
      weights: undefined,
      absorbed: undefined,
      quantizesOutput: true,
    },
  };
}

/**
 * The limits of a Relu or Clip; undefined when they are computed, or when 0 lies outside of them (the range of a
 * quantized tensor always contains 0, so it could not stand for such a clip).
 */
export function clipBounds(node: Node, index: GraphIndex): ClipBounds | undefined {
  if (node.opType === 'Relu') return { low: 0, high: Infinity };
  if (node.opType !== 'Clip') return undefined;
  const low = clipLimit(node, index, { input: 1, attribute: 'min', fallback: -Infinity });
  const high = clipLimit(node, index, { input: 2, attribute: 'max', fallback: Infinity });
  if (low === undefined || high === undefined || low > 0 || high <= 0) return undefined;
  return { low, high };
}

function clipLimit(
  node: Node,
  index: GraphIndex,
  limit: { readonly input: number; readonly attribute: string; readonly fallback: number },
): number | undefined {
  const value = node.inputs[limit.input] ?? '';
  if (value === '') return floatAttribute(node, limit.attribute, limit.fallback);
  const tensor = constantOf(index, value);
  if (tensor === undefined) return undefined;
  const [element] = tensorValues(tensor);
  return typeof element === 'number' ? element : undefined;
}
