import { describe, expect, it } from 'vitest';
import { inputRole, knownOperators, operatorSpec } from '../../../../main/engine/operators/table.ts';

const EXPECTED =
  `Conv ConvTranspose ConvInteger QLinearConv Gemm MatMul MatMulInteger QLinearMatMul Einsum BatchNormalization
LayerNormalization RMSNormalization InstanceNormalization GroupNormalization LRN Relu LeakyRelu PRelu Elu Selu Celu Sigmoid
HardSigmoid HardSwish Tanh Softplus Softsign Gelu Mish ThresholdedRelu Swish Clip Erf MaxPool AveragePool LpPool
GlobalAveragePool GlobalMaxPool Add Sub Mul Div Pow Mod Min Max Sum Mean And Or Xor Not Equal Less Greater BitwiseAnd BitShift
ReduceSum ReduceMean ReduceL2 ArgMax ArgMin TopK Softmax LogSoftmax Hardmax Reshape Flatten Squeeze Unsqueeze Transpose Concat
Split Slice Gather GatherElements GatherND Scatter ScatterElements ScatterND Expand Tile Pad Resize Upsample DepthToSpace
SpaceToDepth Shape Size ConstantOfShape Constant Range Where Cast CastLike Identity Dropout OneHot NonZero CumSum Trilu EyeLike
Compress Unique ReverseSequence NonMaxSuppression RandomNormalLike RandomUniform STFT DFT LSTM GRU RNN Attention RotaryEmbedding
QuantizeLinear DequantizeLinear DynamicQuantizeLinear If Loop Scan SequenceAt SequenceConstruct`.split(/\s+/);

const CONTRIBUTED =
  `MatMulNBits FusedConv Gelu BiasGelu FastGelu QuickGelu QLinearAdd QLinearMul QLinearConcat QLinearSigmoid
QLinearLeakyRelu QLinearSoftmax QLinearAveragePool QLinearGlobalAveragePool QGemm DynamicQuantizeMatMul MatMulIntegerToFloat
FusedMatMul MultiHeadAttention GroupQueryAttention Attention SkipLayerNormalization SimplifiedLayerNormalization
SkipSimplifiedLayerNormalization DequantizeLinear QuantizeLinear RotaryEmbedding`.split(/\s+/);

const kinds = (names: string) => names.split(' ').map((name) => operatorSpec('', name)!.quantization.kind);

const axis = (name: string, weightRank: number, transB = 0) => {
  const found = operatorSpec('', name)!.weights!.outputChannels({ weightRank, int: () => transB });
  return found?.axis;
};

describe('the operator table', () => {
  it('knows the operators of ordinary exports and the contributed ones', () => {
    expect(EXPECTED.filter((name) => operatorSpec('', name) === undefined)).toEqual([]);
    expect(CONTRIBUTED.filter((name) => operatorSpec('com.microsoft', name) === undefined)).toEqual([]);
    expect(operatorSpec('ai.onnx', 'Conv')).toBe(operatorSpec('', 'Conv'));
    expect(operatorSpec('acme', 'Conv')).toBeUndefined();
  });

  it('has one entry for each operator, and inputs where an entry points to them', () => {
    const names = knownOperators().map((spec) => `${spec.domain}:${spec.opType}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const spec of knownOperators()) {
      const pointed = [...spec.parameterInputs, ...spec.prunableInputs];
      if (spec.quantization.kind === 'weighted') pointed.push(spec.weights!.input);
      if (spec.weights !== undefined) pointed.push(spec.weights.input, spec.weights.bias ?? 0);
      const missing = pointed.filter((index) => inputRole(spec, index) === undefined);
      expect(missing, spec.opType).toEqual([]);
      expect(
        spec.prunableInputs.filter((index) => !spec.parameterInputs.includes(index)),
        spec.opType,
      ).toEqual([]);
    }
  });

  it('names inputs by their role, the last one of variadic operators again and again', () => {
    const conv = operatorSpec('', 'Conv')!;
    expect([0, 1, 2, 3].map((index) => inputRole(conv, index))).toEqual(['X', 'W', 'B', undefined]);
    expect(inputRole(operatorSpec('', 'Concat')!, 7)).toBe('inputs');
  });

  it('says how the CPU provider treats operators when they are quantized', () => {
    expect(new Set(kinds('Conv Gemm MatMul'))).toEqual(new Set(['weighted']));
    expect(new Set(kinds('Add Mul Concat AveragePool GlobalAveragePool Sigmoid LeakyRelu Softmax'))).toEqual(
      new Set(['elementwise']),
    );
    expect(
      new Set(kinds('MaxPool Resize Reshape Transpose Flatten Slice Split Squeeze Gather Expand Tile DepthToSpace')),
    ).toEqual(new Set(['passthrough']));
    expect(new Set(kinds('Relu Clip'))).toEqual(new Set(['clip']));
    expect(
      new Set(
        kinds(
          'ConvTranspose Pad Sub Div Tanh Gelu HardSwish HardSigmoid PRelu ReduceMean LayerNormalization InstanceNormalization',
        ),
      ),
    ).toEqual(new Set(['float']));
  });

  it('gives weights one scale for each output channel', () => {
    expect(axis('Conv', 4)).toBe(0);
    expect(axis('MatMul', 3)).toBe(2);
    expect(axis('MatMul', 1)).toBeUndefined();
    expect([axis('Gemm', 2, 0), axis('Gemm', 2, 1)]).toEqual([1, 0]);
    // [C, M/g, kH, kW]: each group counts its own
    const ofTwoGroups = { weightRank: 4, int: () => 2 };
    expect(operatorSpec('', 'ConvTranspose')!.weights!.outputChannels(ofTwoGroups)).toEqual({ axis: 1, groups: 2 });
  });
});
