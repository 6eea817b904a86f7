import { expect, it } from 'vitest';
import { knownOperators } from '../../../../main/engine/operators/table.ts';

/** Operators that nobody has written a gradient, or a reason why there is none, for. Take out what you add. */
const MISSING: readonly string[] = [
  'AffineGrid',
  'BiasDropout',
  'CausalConvWithState',
  'CenterCropPad',
  'Col2Im',
  'CumProd',
  'DFT',
  'DeformConv',
  'Det',
  'GatedRMSNorm',
  'If',
  'LinearAttention',
  'Loop',
  'MaxRoiPool',
  'RoiAlign',
  'STFT',
  'Scan',
  'SwiGLU',
  'TensorScatter',
  'Unique',
  'Upsample',
  'ai.onnx.preview:FlexAttention',
  'com.microsoft:Attention',
  'com.microsoft:BiasAdd',
  'com.microsoft:BiasSoftmax',
  'com.microsoft:BiasSplitGelu',
  'com.microsoft:CDist',
  'com.microsoft:CausalConvWithState',
  'com.microsoft:DecoderMaskedMultiHeadAttention',
  'com.microsoft:EmbedLayerNormalization',
  'com.microsoft:FusedConv',
  'com.microsoft:FusedGemm',
  'com.microsoft:FusedMatMulActivation',
  'com.microsoft:GemmFastGelu',
  'com.microsoft:GroupNorm',
  'com.microsoft:GroupQueryAttention',
  'com.microsoft:LinearAttention',
  'com.microsoft:MoE',
  'com.microsoft:RelativePositionBias',
  'com.microsoft:SkipGroupNorm',
  'com.microsoft:SparseAttention',
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
