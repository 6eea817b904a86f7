/** Pools over windows and over whole feature maps. */
import { tensorFacts } from '../../facts.ts';
import { expandRoiAlign } from './expand.ts';
import * as gradient from './gradient.ts';
import { defineOperators, MICROSOFT, NCHWC, type OperatorEntry } from '../../spec.ts';
import { poolShape, globalShape, inferMaxPool, unpoolShape, roiShape } from './shape.ts';
import { scalesFirst } from '../../scaling.ts';
import { spatialChannels } from '../../channel-rules.ts';

const windowed: OperatorEntry = {
  category: 'pool',
  channels: spatialChannels,
  scaling: scalesFirst,
  inputs: ['X'],
  traits: ['channelsSecond'],
  infer: (context) => [tensorFacts(context.dtype(0), poolShape(context))],
};

const global: OperatorEntry = {
  category: 'pool',
  channels: spatialChannels,
  scaling: scalesFirst,
  inputs: ['X'],
  traits: ['channelsSecond'],
  infer: (context) => [tensorFacts(context.dtype(0), globalShape(context))],
};

const regions: OperatorEntry = {
  category: 'pool',
  inputs: ['X', 'rois', 'batch_indices'],
  infer: (context) => [tensorFacts(context.dtype(0), roiShape(context))],
};

const quantizedInputs = ['X', 'x_scale', 'x_zero_point', 'y_scale', 'y_zero_point'];

export const poolingOperators = [
  ...defineOperators('', {
    MaxPool: {
      ...windowed,
      gradient: gradient.maxPoolGradient,
      infer: inferMaxPool,
      quantization: { kind: 'passthrough', input: 0 },
    },
    AveragePool: {
      ...windowed,
      gradient: gradient.averagePoolGradient,
      quantization: {
        kind: 'elementwise',
        inputs: [0],
        refuse: (attributes) =>
          attributes.ints('dilations')?.some((step) => step !== 1) === true
            ? 'the integer AveragePool has no dilations'
            : undefined,
      },
    },
    LpPool: { ...windowed, gradient: gradient.lpPoolGradient },
    GlobalAveragePool: {
      ...global,
      gradient: gradient.globalAverageGradient,
      quantization: { kind: 'elementwise', inputs: [0] },
    },
    GlobalMaxPool: { ...global, gradient: gradient.globalMaxGradient },
    GlobalLpPool: { ...global, gradient: gradient.globalLpGradient },
    MaxUnpool: {
      gradient: gradient.maxUnpoolGradient,
      category: 'pool',
      inputs: ['X', 'I', 'output_shape'],
      settings: [2],
      traits: ['channelsSecond'],
      infer: (context) => [tensorFacts(context.dtype(0), unpoolShape(context))],
    },
    RoiAlign: { ...regions, expansion: expandRoiAlign },
    MaxRoiPool: regions,
  }),
  ...defineOperators(NCHWC, {
    'MaxPool AveragePool': windowed,
    'GlobalMaxPool GlobalAveragePool': global,
  }),
  ...defineOperators(MICROSOFT, {
    QLinearAveragePool: {
      category: 'pool',
      inputs: quantizedInputs,
      settings: [1, 2, 3, 4],
      traits: ['integerKernel', 'channelsSecond'],
      infer: (context) => [tensorFacts(context.dtype(0), poolShape(context, context.int('channels_last', 0) !== 0))],
    },
    QLinearGlobalAveragePool: {
      category: 'pool',
      inputs: quantizedInputs,
      settings: [1, 2, 3, 4],
      traits: ['integerKernel', 'channelsSecond'],
      infer: (context) => [tensorFacts(context.dtype(0), globalShape(context, context.int('channels_last', 0) !== 0))],
    },
  }),
];
