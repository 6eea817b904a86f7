import { BLOCK_PARTS, type BlockPart } from '../../contract/layer-words.ts';
import { intAttribute, intsAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { operatorSpec } from './table.ts';

const PARTS: Readonly<Record<string, BlockPart>> = {
  Conv: 'convolution',
  ConvInteger: 'convolution',
  QLinearConv: 'convolution',
  FusedConv: 'convolution',
  ConvTranspose: 'upsampling',
  Resize: 'upsampling',
  Upsample: 'upsampling',
  Gemm: 'product',
  MatMul: 'product',
  MatMulInteger: 'product',
  QLinearMatMul: 'product',
  FusedMatMul: 'product',
  MatMulNBits: 'product',
  Softmax: 'softmax',
  Add: 'sum',
  QLinearAdd: 'sum',
  Sum: 'sum',
  Mul: 'gate',
  QLinearMul: 'gate',
  Sigmoid: 'sigmoid',
  HardSigmoid: 'sigmoid',
  Tanh: 'tanh',
  GlobalAveragePool: 'globalPool',
  ReduceMean: 'mean',
  Concat: 'joining',
  LSTM: 'recurrence',
  GRU: 'recurrence',
  RNN: 'recurrence',
};

/** What a layer is among the parts that blocks are recognised by; 'other' for all the rest. */
export function blockPartOf(node: Node): BlockPart {
  const known = PARTS[node.opType];
  if (known === 'convolution') {
    if (intAttribute(node, 'group', 1) > 1) return 'depthwise';
    const kernel = intsAttribute(node, 'kernel_shape');
    return kernel !== undefined && kernel.length > 0 && kernel.every((size) => size === 1)
      ? 'pointwise'
      : 'convolution';
  }
  if (known !== undefined) return known;
  const category = operatorSpec(node.domain, node.opType)?.category;
  if (category === 'attention') return 'attention';
  if (category === 'normalization') return 'norm';
  return category === 'activation' ? 'activation' : 'other';
}

/** Its number in the list that the window knows too. */
export function blockPartNumber(node: Node): number {
  return BLOCK_PARTS.indexOf(blockPartOf(node));
}
