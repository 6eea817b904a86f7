import { expect, it } from 'vitest';
import { knownOperators } from '../../../../main/engine/operators/table.ts';

/** Operators that nobody has written a gradient, or a reason why there is none, for. Take out what you add. */
const MISSING: readonly string[] = [
  'AffineGrid',
  'BiasDropout',
  'CausalConvWithState',
  'CenterCropPad',
  'Col2Im',
  'ConcatFromSequence',
  'CumProd',
  'DFT',
  'DeformConv',
  'Det',
  'GatedRMSNorm',
  'GridSample',
  'If',
  'ImageDecoder',
  'LinearAttention',
  'Loop',
  'MaxRoiPool',
  'MelWeightMatrix',
  'NegativeLogLikelihoodLoss',
  'Optional',
  'OptionalGetElement',
  'OptionalHasElement',
  'RoiAlign',
  'STFT',
  'Scan',
  'SequenceAt',
  'SequenceConstruct',
  'SequenceEmpty',
  'SequenceErase',
  'SequenceInsert',
  'SequenceLength',
  'SequenceMap',
  'SoftmaxCrossEntropyLoss',
  'SplitToSequence',
  'SwiGLU',
  'TensorScatter',
  'Unique',
  'Upsample',
  'ai.onnx.ml:ArrayFeatureExtractor',
  'ai.onnx.ml:Binarizer',
  'ai.onnx.ml:CastMap',
  'ai.onnx.ml:DictVectorizer',
  'ai.onnx.ml:FeatureVectorizer',
  'ai.onnx.ml:Imputer',
  'ai.onnx.ml:LinearClassifier',
  'ai.onnx.ml:LinearRegressor',
  'ai.onnx.ml:Normalizer',
  'ai.onnx.ml:SVMClassifier',
  'ai.onnx.ml:SVMRegressor',
  'ai.onnx.ml:Scaler',
  'ai.onnx.ml:ZipMap',
  'ai.onnx.preview.training:Adagrad',
  'ai.onnx.preview.training:Adam',
  'ai.onnx.preview.training:Gradient',
  'ai.onnx.preview.training:Momentum',
  'ai.onnx.preview:FlexAttention',
  'com.microsoft:Attention',
  'com.microsoft:BeamSearch',
  'com.microsoft:BiasAdd',
  'com.microsoft:BiasSoftmax',
  'com.microsoft:BiasSplitGelu',
  'com.microsoft:CDist',
  'com.microsoft:CausalConvWithState',
  'com.microsoft:DecoderMaskedMultiHeadAttention',
  'com.microsoft:EmbedLayerNormalization',
  'com.microsoft:FusedConv',
  'com.microsoft:FusedGemm',
  'com.microsoft:FusedMatMul',
  'com.microsoft:FusedMatMulActivation',
  'com.microsoft:GemmFastGelu',
  'com.microsoft:GreedySearch',
  'com.microsoft:GridSample',
  'com.microsoft:GroupNorm',
  'com.microsoft:GroupQueryAttention',
  'com.microsoft:Inverse',
  'com.microsoft:LinearAttention',
  'com.microsoft:MoE',
  'com.microsoft:Pad',
  'com.microsoft:RelativePositionBias',
  'com.microsoft:Sampling',
  'com.microsoft:SkipGroupNorm',
  'com.microsoft:SparseAttention',
  'com.microsoft:TransposeMatMul',
];

it('has a gradient for every operator, or says why none passes, or lists it as missing', () => {
  const missing = knownOperators()
    .filter(({ gradient }) => gradient === undefined)
    .map(({ domain, opType }) => (domain === '' ? opType : `${domain}:${opType}`));
  expect(missing.toSorted()).toEqual(MISSING.toSorted());
});

it('gives each operator without gradient a reason that reads behind its name', () => {
  for (const { gradient, opType } of knownOperators()) {
    if (gradient === undefined || typeof gradient === 'function') continue;
    expect(`${opType} ${'stops' in gradient ? gradient.stops : gradient.blocks}`).toMatch(/^\w+ [a-z][^.]+$/);
  }
});
