/** Normalizations and dropout. */
import { tensorFacts } from '../../facts.ts';
import * as gradient from './gradient.ts';
import { expandEmbedding, expandGatedRootMeanSquare } from './expand.ts';
import { defineOperators, MICROSOFT, NO_KERNEL, type OperatorEntry } from '../../spec.ts';
import { inferLayerNormalization, inferBatchNormalization, inferSkipNormalization } from './shape.ts';
import { needsPrecision } from './quantize.ts';
import {
  acrossChannels,
  batchNormChannels,
  groupNormChannels,
  instanceNormChannels,
  layerNormChannels,
  responseChannels,
  rootMeanSquareChannels,
  skipNormChannels,
  skipRootMeanSquareChannels,
} from './channels.ts';
import { scalesFirst, type ScalingRule } from '../../scaling.ts';
import { unaryChannels } from '../../channel-rules.ts';

const keeps: OperatorEntry = {
  category: 'normalization',
  inputs: ['input', 'scale', 'B'],
  parameters: [1, 2],
  infer: (context) => [context.same()],
};

const normalizes: OperatorEntry = {
  category: 'normalization',
  inputs: ['X'],
  channels: acrossChannels,
  infer: (context) => [context.same()],
};

const layerNorm: OperatorEntry = {
  category: 'normalization',
  channels: layerNormChannels,
  inputs: ['X', 'Scale', 'B'],
  parameters: [1, 2],
  infer: inferLayerNormalization,
};

const rootMeanSquare: OperatorEntry = {
  ...layerNorm,
  gradient: gradient.layerNormGradient(false),
  inputs: ['X', 'scale'],
  parameters: [1],
  channels: rootMeanSquareChannels,
  scaling: gains(1, undefined, true),
};

const gatedRootMeanSquare: OperatorEntry = {
  ...keeps,
  inputs: ['X', 'scale', 'gate'],
  parameters: [1],
  expansion: expandGatedRootMeanSquare,
};

function gains(gain: number, offset: number | undefined, channelsLast: boolean): ScalingRule {
  return { kind: 'gains', gain, offset, channelsLast };
}

export const normalizationOperators = [
  ...defineOperators('', {
    BatchNormalization: {
      gradient: gradient.batchNormGradient,
      category: 'normalization',
      inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'],
      parameters: [1, 2, 3, 4],
      traits: ['fusesBackwards', 'channelsSecond'],
      normalization: { scale: 1, bias: 2, statistics: { mean: 3, variance: 4 }, channelsLast: false },
      quantization: {
        kind: 'float',
        reason: 'BatchNormalization stands behind no layer that it could be folded into',
      },
      channels: batchNormChannels,
      scaling: gains(1, 2, false),
      scale: 1,
      infer: inferBatchNormalization,
    },
    LayerNormalization: {
      ...layerNorm,
      gradient: gradient.layerNormGradient(true),
      normalization: { scale: 1, bias: 2, statistics: undefined, channelsLast: true },
      scaling: gains(1, 2, true),
      quantization: needsPrecision('LayerNormalization'),
    },
    GatedRMSNorm: gatedRootMeanSquare,
    BiasDropout: {
      gradient: NO_KERNEL,
      category: 'dropout',
      inputs: ['data', 'bias', 'residual', 'ratio', 'training_mode'],
      parameters: [1],
      settings: [3, 4],
      infer: (context) => [context.same(), tensorFacts('bool', context.shape(0))],
    },
    SimplifiedLayerNormalization: rootMeanSquare,
    RMSNormalization: { ...rootMeanSquare, infer: keeps.infer },
    InstanceNormalization: {
      gradient: gradient.instanceNormGradient,
      ...keeps,
      channels: instanceNormChannels,
      scaling: gains(1, 2, false),
      scale: 1,
      traits: ['channelsSecond'],
      quantization: needsPrecision('InstanceNormalization'),
    },
    GroupNormalization: { ...keeps, gradient: gradient.groupNormGradient, channels: groupNormChannels },
    LRN: {
      gradient: gradient.responseGradient,
      category: 'normalization',
      inputs: ['X'],
      channels: responseChannels,
      infer: (context) => [context.same()],
    },
    MeanVarianceNormalization: { ...normalizes, gradient: gradient.meanVarianceGradient },
    LpNormalization: { ...normalizes, gradient: gradient.lpNormalizationGradient },
    Dropout: {
      gradient: gradient.dropoutGradient,
      category: 'dropout',
      traits: ['passive', 'random'],
      inputs: ['data', 'ratio', 'training_mode'],
      channels: unaryChannels,
      scaling: scalesFirst,
      settings: [1, 2],
      quantization: { kind: 'passthrough', input: 0 },
      infer: (context) => [
        context.same(),
        tensorFacts(context.opset < 10 ? context.dtype(0) : 'bool', context.shape(0)),
      ],
    },
  }),
  ...defineOperators(MICROSOFT, {
    SkipLayerNormalization: {
      gradient: gradient.skipNormGradient(true),
      category: 'normalization',
      channels: skipNormChannels,
      scaling: gains(2, 3, true),
      inputs: ['input', 'skip', 'gamma', 'beta', 'bias'],
      parameters: [2, 3, 4],
      infer: inferSkipNormalization,
    },
    SkipSimplifiedLayerNormalization: {
      gradient: gradient.skipNormGradient(false),
      category: 'normalization',
      channels: skipRootMeanSquareChannels,
      scaling: gains(2, undefined, true),
      inputs: ['input', 'skip', 'gamma', 'bias'],
      parameters: [2, 3],
      infer: inferSkipNormalization,
    },
    SimplifiedLayerNormalization: rootMeanSquare,
    GatedRMSNorm: gatedRootMeanSquare,
    GroupNorm: { ...keeps, gradient: NO_KERNEL, inputs: ['X', 'gamma', 'beta'] },
    SkipGroupNorm: {
      gradient: NO_KERNEL,
      category: 'normalization',
      inputs: ['X', 'gamma', 'beta', 'skip', 'bias'],
      parameters: [1, 2, 4],
      infer: (context) => [context.same(), context.same()],
    },
    EmbedLayerNormalization: {
      expansion: expandEmbedding,
      category: 'normalization',
      inputs: [
        'input_ids',
        'segment_ids',
        'word_embedding',
        'position_embedding',
        'segment_embedding',
        'gamma',
        'beta',
        'mask',
        'position_ids',
      ],
      parameters: [2, 3, 4, 5, 6],
      infer: (context) => {
        const ids = context.shape(0);
        const shape = ids === undefined ? undefined : [...ids, context.dim(2, 1)];
        return [
          tensorFacts(context.dtype(2), shape),
          tensorFacts('int32', ids?.slice(0, 1)),
          tensorFacts(context.dtype(2), shape),
        ];
      },
    },
  }),
];
