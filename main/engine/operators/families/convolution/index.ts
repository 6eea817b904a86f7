/** Conv and its kin: integer, quantized and fused forms, transposed, deformable. */
import { expandCausalConv, expandFusedConv } from './expand.ts';
import { expandDeformConv } from './expand-deformable.ts';
import { defineOperators, MICROSOFT, NCHWC, NO_KERNEL, type OperatorEntry } from '../../spec.ts';
import { out, causalConvolve, convolve, convolveTransposed, blockChannels, unblockChannels } from './shape.ts';
import { convGradient, convTransposeGradient } from './gradient.ts';
import { convolutionChannels, kernels, transposedChannels, transposedKernels } from './channels.ts';
import { convolutionMacs, transposedMacs } from './cost.ts';
import { kernelColumns, transposedKernelColumns } from './linear.ts';
import { convolutionRole } from './quantize.ts';

const quantizedConvolution: OperatorEntry = {
  category: 'layer',
  inputs: ['x', 'x_scale', 'x_zero_point', 'w', 'w_scale', 'w_zero_point', 'y_scale', 'y_zero_point', 'B'],
  parameters: [3, 8],
  settings: [1, 2, 4, 5, 6, 7],
  traits: ['integerKernel', 'channelsSecond'],
  infer: (context) => out(context.dtype(7) ?? context.dtype(0), convolve(context, 0, 3)),
  macs: convolutionMacs(3),
};

/** Depthwise along time, with the last k − 1 places carried from call to call. */
const causalConvolution: OperatorEntry = {
  category: 'layer',
  inputs: ['input', 'weight', 'bias', 'past_state'],
  parameters: [1, 2],
  traits: ['channelsSecond'],
  expansion: expandCausalConv,
  infer: causalConvolve,
  macs: convolutionMacs(1),
};

export const convolutionOperators = [
  ...defineOperators('', {
    Conv: {
      category: 'layer',
      gradient: convGradient,
      inputs: ['X', 'W', 'B'],
      parameters: [1, 2],
      prunable: [1],
      traits: ['needsWeights', 'channelsSecond'],
      weights: kernels,
      channels: convolutionChannels,
      linear: kernelColumns,
      quantization: convolutionRole,
      infer: (context) => out(context.dtype(0), convolve(context, 0, 1)),
      macs: convolutionMacs(1),
    },
    ConvTranspose: {
      gradient: convTransposeGradient,
      category: 'layer',
      inputs: ['X', 'W', 'B'],
      parameters: [1, 2],
      prunable: [1],
      traits: ['needsWeights', 'channelsSecond'],
      weights: transposedKernels,
      channels: transposedChannels,
      linear: transposedKernelColumns,
      quantization: {
        kind: 'float',
        reason: 'the CPU provider has no integer ConvTranspose',
      },
      infer: (context) => out(context.dtype(0), convolveTransposed(context)),
      macs: transposedMacs,
    },
    CausalConvWithState: { ...causalConvolution, gradient: NO_KERNEL },
    ConvInteger: {
      category: 'layer',
      inputs: ['x', 'w', 'x_zero_point', 'w_zero_point'],
      parameters: [1],
      settings: [2, 3],
      traits: ['integerKernel', 'channelsSecond'],
      infer: (context) => out('int32', convolve(context, 0, 1)),
      macs: convolutionMacs(1),
    },
    QLinearConv: quantizedConvolution,
    DeformConv: {
      expansion: expandDeformConv,
      category: 'layer',
      inputs: ['X', 'W', 'offset', 'B', 'mask'],
      parameters: [1, 3],
      prunable: [1],
      traits: ['channelsSecond'],
      infer: (context) => out(context.dtype(0), convolve(context, 0, 1)),
      macs: convolutionMacs(1),
    },
  }),
  ...defineOperators(NCHWC, {
    Conv: {
      category: 'layer',
      inputs: ['X', 'W', 'B', 'Sum'],
      parameters: [1, 2],
      traits: ['channelsSecond', 'takesSum'],
      infer: (context) => out(context.dtype(0), convolve(context, 0, 1, 'NCHWc')),
      macs: convolutionMacs(1),
    },
    ReorderInput: {
      category: 'shape',
      inputs: ['X'],
      traits: ['movesLayout'],
      infer: (context) => out(context.dtype(0), blockChannels(context)),
    },
    ReorderOutput: {
      category: 'shape',
      inputs: ['X'],
      traits: ['movesLayout'],
      infer: (context) => out(context.dtype(0), unblockChannels(context)),
    },
  }),
  ...defineOperators(MICROSOFT, {
    CausalConvWithState: causalConvolution,
    QLinearConv: quantizedConvolution,
    FusedConv: {
      expansion: expandFusedConv,
      category: 'layer',
      inputs: ['X', 'W', 'B', 'Z'],
      parameters: [1, 2],
      prunable: [1],
      traits: ['channelsSecond'],
      channels: convolutionChannels,
      infer: (context) => out(context.dtype(0), convolve(context, 0, 1)),
      macs: convolutionMacs(1),
    },
  }),
];
