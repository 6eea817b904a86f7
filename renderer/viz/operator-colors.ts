/** What kind of work an operator does, by Netron's categories. */
export type OperatorCategory =
  | 'layer'
  | 'activation'
  | 'pool'
  | 'normalization'
  | 'dropout'
  | 'shape'
  | 'tensor'
  | 'quantization'
  | 'attention'
  | 'other';

/** Netron's header colours, rgb; text on them is white. */
export const CATEGORY_COLORS: Readonly<Record<OperatorCategory, string>> = {
  layer: 'rgb(51, 85, 136)',
  activation: 'rgb(112, 41, 33)',
  pool: 'rgb(51, 85, 51)',
  normalization: 'rgb(51, 85, 68)',
  dropout: 'rgb(69, 71, 112)',
  shape: 'rgb(108, 79, 71)',
  tensor: 'rgb(89, 66, 59)',
  quantization: 'rgb(80, 40, 0)',
  attention: 'rgb(120, 60, 0)',
  other: 'rgb(70, 74, 82)',
};

const MEMBERS: Readonly<Record<Exclude<OperatorCategory, 'other'>, string>> = {
  layer:
    'Conv ConvTranspose ConvInteger DeformConv Gemm MatMul MatMulInteger MatMulNBits FusedConv FusedGemm FusedMatMul LSTM GRU RNN Einsum QLinearConv QLinearMatMul QGemm FullyConnected',
  activation:
    'Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Swish Mish Tanh Softplus Softsign Softmax LogSoftmax Hardmax ThresholdedRelu Clip Gelu FastGelu BiasGelu QuickGelu Erf Shrink',
  pool: 'MaxPool AveragePool GlobalMaxPool GlobalAveragePool LpPool GlobalLpPool MaxRoiPool RoiAlign MaxUnpool',
  normalization:
    'BatchNormalization InstanceNormalization LayerNormalization GroupNormalization RMSNormalization SimplifiedLayerNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization LpNormalization LRN MeanVarianceNormalization',
  dropout: 'Dropout',
  shape: 'Reshape Flatten Squeeze Unsqueeze Shape Size Expand',
  tensor:
    'Concat Split Slice Gather GatherElements GatherND Scatter ScatterElements ScatterND Transpose Pad Tile DepthToSpace SpaceToDepth Resize Upsample Crop Constant ConstantOfShape Identity Cast CastLike Range OneHot Where TopK NonZero Compress ReverseSequence Trilu',
  quantization:
    'QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearAdd QLinearMul QLinearConcat QLinearAveragePool QLinearGlobalAveragePool QLinearSigmoid QLinearLeakyRelu QLinearSoftmax',
  attention: 'Attention MultiHeadAttention GroupQueryAttention PackedAttention RotaryEmbedding SparseAttention',
};

const CATEGORY_OF = new Map<string, OperatorCategory>(
  Object.entries(MEMBERS).flatMap(([category, names]) =>
    names.split(' ').map((name): [string, OperatorCategory] => [name, category as OperatorCategory]),
  ),
);

/** The category of an operator type; 'other' for arithmetic, control flow and whatever is not known. */
export function operatorCategory(opType: string): OperatorCategory {
  return CATEGORY_OF.get(opType) ?? 'other';
}

/** Header colour of an operator's box. */
export function operatorColor(opType: string): string {
  return CATEGORY_COLORS[operatorCategory(opType)];
}
