/** Whether a single layer could run in integers, seen by itself; the plan then looks at its neighbours. */
import { assert } from '../../base/errors.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { layerWeights, outputChannels, weightContext } from '../operators/axes.ts';
import { NodeAttributes } from '../operators/node-attributes.ts';
import type { LayerWeights } from '../operators/channels.ts';
import type { QuantizationRole, Refusal, WeightedRole } from '../operators/spec.ts';
import { constantFloats, constantOf } from '../operators/constant-behind.ts';
import type { Unit } from './unit.ts';
import type { ValueKnowledge } from '../passes/upgrade-opset.ts';

/** A layer that could run in integers, or why not. */
export type Eligibility = { readonly unit: Unit } | { readonly reason: string };

interface Surroundings {
  readonly index: GraphIndex;
  readonly knowledge: ValueKnowledge;
}

/**
 * Decides for a layer by its operator's role and its own operands.
 * @param layer the layer's name
 */
export function eligibility(node: Node, layer: string, role: QuantizationRole, around: Surroundings): Eligibility {
  if (hasTrait(node, 'integerKernel')) return { reason: 'already quantized' };
  if (node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) {
    return { reason: 'holds subgraphs, which stay in float32' };
  }
  switch (role.kind) {
    case 'weighted':
      return weighted(node, layer, role, around);
    case 'elementwise': {
      const inputs = role.inputs === 'all' ? node.inputs.map((_, at) => at) : role.inputs;
      return elementwise(node, layer, inputs, around, role.refuse);
    }
    case 'passthrough':
      return passthrough(node, layer, role, around);
    case 'clip':
      return { reason: 'stands behind no layer whose output range could replace it' };
    case 'float': {
      const dtype = around.knowledge.dtype(node.outputs[0] ?? '');
      if (dtype !== undefined && !dtype.startsWith('float')) return { reason: `works on ${dtype} values` };
      return { reason: role.reason ?? `the CPU provider runs ${node.opType} in float only` };
    }
  }
}

type PassthroughRole = Extract<QuantizationRole, { kind: 'passthrough' }>;

function weighted(node: Node, layer: string, role: WeightedRole, around: Surroundings): Eligibility {
  const { index, knowledge } = around;
  const weights = layerWeights(node);
  assert(weights !== undefined, `the operator table says where ${node.opType} takes its weights`);
  const weightName = node.inputs[weights.input] ?? '';
  const weight = constantOf(index, weightName);
  if (weight === undefined) {
    if (hasTrait(index.producer(weightName), 'dequantizes')) return { reason: 'already quantized' };
    if (role.activations !== undefined) return productOfActivations(node, layer, role.activations, around);
    return { reason: 'its weights are computed while the model runs' };
  }
  if (weight.dtype !== 'float32')
    return { reason: `its weights are ${weight.dtype}, integer kernels take float32 models` };
  const refusal = refuseOperands(node, { role, weights }, around);
  if (refusal !== undefined) return { reason: refusal };
  const biasName = weights.bias === undefined ? '' : (node.inputs[weights.bias] ?? '');
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
        weightInput: weights.input,
        biasInput: biasName === '' ? undefined : weights.bias,
        channelAxis: scaleAxis(node, role, weight.dims),
      },
      absorbed: undefined,
      quantizesOutput: true,
    },
  };
}

function refuseOperands(
  node: Node,
  { role, weights }: { readonly role: WeightedRole; readonly weights: LayerWeights },
  { index }: Surroundings,
): string | undefined {
  const biasName = weights.bias === undefined ? '' : (node.inputs[weights.bias] ?? '');
  const bias = biasName === '' ? undefined : constantFloats(index, biasName);
  if (biasName !== '' && bias === undefined) return 'its bias is not a float32 constant';
  const weightDims = constantOf(index, node.inputs[weights.input] ?? '')?.dims ?? [];
  return role.refuse?.({ ...weightContext(node, weightDims), weightDims, biasElements: bias?.values.length });
}

/** Without constant weights: attention scores and their product with the values. */
function productOfActivations(node: Node, layer: string, inputs: readonly number[], around: Surroundings): Eligibility {
  const types = node.inputs.map((value) => around.knowledge.dtype(value));
  if (types.some((dtype) => dtype !== 'float32')) {
    return { reason: `a product of ${types.map((dtype) => dtype ?? 'unknown').join(' and ')} values` };
  }
  return elementwise(node, layer, inputs, around);
}

function elementwise(
  node: Node,
  layer: string,
  inputs: readonly number[],
  around: Surroundings,
  refuse?: Refusal,
): Eligibility {
  const refusal = refuse?.(new NodeAttributes(node));
  if (refusal !== undefined) return { reason: refusal };
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

function passthrough(node: Node, layer: string, role: PassthroughRole, around: Surroundings): Eligibility {
  const { input } = role;
  const value = node.inputs[input] ?? '';
  if (constantOf(around.index, value) !== undefined) return { reason: 'it moves a constant' };
  const dtype = around.knowledge.dtype(value);
  if (dtype !== undefined && dtype !== 'float32') return { reason: `moves ${dtype} values` };
  // MaxPool's indices, Dropout's mask.
  if (role.severalOutputs !== true && node.outputs.slice(1).some((output) => output !== '')) {
    return { reason: 'its second output is asked for' };
  }
  const refusal = role.refuse?.(new NodeAttributes(node));
  if (refusal !== undefined) return { reason: refusal };
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

/** Weight axis with a scale for each channel; undefined: the kernel takes one scale. */
function scaleAxis(node: Node, role: WeightedRole, weightDims: readonly number[]): number | undefined {
  if (role.scaledByChannel?.(weightContext(node, weightDims)) === false) return undefined;
  return outputChannels(node, weightDims)?.axis;
}
