/** Matrix products: MatMul, Gemm, their integer, quantized, fused and 4-bit forms. */
import { tensorFacts } from '../../facts.ts';
import { defineOperators, MICROSOFT } from '../../spec.ts';
import { matmulRole, gemmRole } from './quantize.ts';
import { inferMatmul, gemmShape, det, inferFused, inferPacked } from './shape.ts';
import { fusedMatmulChannels, gemmChannels, gemmMatrix, matmulChannels, matrices } from './channels.ts';
import { gemmColumns, matrixColumns } from './linear.ts';
import { matmulMacs, gemmMacs } from './cost.ts';

export const matmulOperators = [
  ...defineOperators('', {
    MatMul: {
      category: 'layer',
      inputs: ['A', 'B'],
      parameters: [0, 1],
      prunable: [1],
      weights: matrices,
      channels: matmulChannels,
      linear: matrixColumns,
      quantization: matmulRole,
      infer: inferMatmul(0, 1, (context) => context.dtype(0) ?? context.dtype(1)),
      macs: matmulMacs(0),
    },
    Gemm: {
      category: 'layer',
      inputs: ['A', 'B', 'C'],
      parameters: [1, 2],
      prunable: [1],
      traits: ['needsWeights'],
      weights: gemmMatrix,
      channels: gemmChannels,
      linear: gemmColumns,
      quantization: gemmRole,
      infer: (context) => [tensorFacts(context.dtype(0), gemmShape(context, 0, 1))],
      macs: gemmMacs(0),
    },
    MatMulInteger: {
      category: 'layer',
      inputs: ['A', 'B', 'a_zero_point', 'b_zero_point'],
      parameters: [1],
      settings: [2, 3],
      traits: ['integerKernel'],
      infer: inferMatmul(0, 1, () => 'int32'),
      macs: matmulMacs(0),
    },
    QLinearMatMul: {
      category: 'layer',
      inputs: ['a', 'a_scale', 'a_zero_point', 'b', 'b_scale', 'b_zero_point', 'y_scale', 'y_zero_point'],
      parameters: [3],
      settings: [1, 2, 4, 5, 6, 7],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 3, (context) => context.dtype(7) ?? context.dtype(0)),
      macs: matmulMacs(0),
    },
    Det: { category: 'tensor', inputs: ['X'], infer: det },
  }),
  ...defineOperators(MICROSOFT, {
    'FusedMatMul TransposeMatMul': {
      category: 'layer',
      inputs: ['A', 'B'],
      parameters: [1],
      prunable: [1],
      channels: fusedMatmulChannels,
      infer: inferFused,
      macs: matmulMacs(0, true),
    },
    FusedGemm: {
      category: 'layer',
      channels: gemmChannels,
      inputs: ['A', 'B', 'C'],
      parameters: [1, 2],
      prunable: [1],
      infer: (context) => [tensorFacts(context.dtype(0), gemmShape(context, 0, 1))],
      macs: gemmMacs(0),
    },
    QGemm: {
      category: 'layer',
      inputs: ['A', 'a_scale', 'a_zero_point', 'B', 'b_scale', 'b_zero_point', 'C', 'y_scale', 'y_zero_point'],
      parameters: [3, 6],
      settings: [1, 2, 4, 5, 7, 8],
      traits: ['integerKernel', 'integerToFloat'],
      infer: (context) => [tensorFacts(context.has(8) ? context.dtype(8) : 'float32', gemmShape(context, 0, 3))],
      macs: gemmMacs(0),
    },
    MatMulIntegerToFloat: {
      category: 'layer',
      inputs: ['A', 'B', 'a_scale', 'b_scale', 'a_zero_point', 'b_zero_point', 'bias'],
      parameters: [1, 6],
      settings: [2, 3, 4, 5],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 1, (context) => context.dtype(3)),
      macs: matmulMacs(0),
    },
    DynamicQuantizeMatMul: {
      category: 'layer',
      inputs: ['A', 'B', 'b_scale', 'b_zero_point', 'bias'],
      parameters: [1, 4],
      settings: [2, 3],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 1, (context) => context.dtype(0)),
      macs: matmulMacs(0),
    },
    'MatMulNBits MatMulBnb4 MatMulFpQ4': {
      category: 'layer',
      inputs: ['A', 'B', 'scales', 'zero_points', 'g_idx', 'bias'],
      packedElements: (input, _, attributes) =>
        input === 1 ? (attributes.int('K') ?? 0) * (attributes.int('N') ?? 0) : undefined,
      parameters: [1, 5],
      settings: [2, 3, 4],
      traits: ['integerKernel'],
      infer: inferPacked,
      macs: matmulMacs(0),
    },
  }),
];
