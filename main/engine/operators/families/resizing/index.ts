/** Pad, Resize and other operators that change spatial sizes. */
import { multiplyDims } from '../../dimension.ts';
import { tensorFacts } from '../../facts.ts';
import { gridSampleGradient } from './grid-gradient.ts';
import { defineOperators, MICROSOFT, NCHWC } from '../../spec.ts';
import {
  inferPad,
  inferResize,
  inferUpsample,
  inferGridSample,
  inferAffineGrid,
  inferCenterCropPad,
  inferCol2Im,
} from './shape.ts';
import { scalesFirst } from '../../scaling.ts';
import { spatialChannels } from '../../channel-rules.ts';
import { padChannels, padsWithZeros, resizeChannels } from './channels.ts';
import { expandAffineGrid, expandCenterCropPad } from './expand.ts';
import { columnsGradient, padGradient, resizeGradient } from './gradient.ts';

export const resizingOperators = [
  ...defineOperators('', {
    Pad: {
      category: 'tensor',
      channels: padChannels,
      scaling: { kind: 'passes', input: 0, holds: padsWithZeros },
      gradient: padGradient,
      inputs: ['data', 'pads', 'constant_value', 'axes'],
      settings: [1, 2, 3],
      quantization: { kind: 'float', reason: 'the CPU provider has no integer Pad' },
      infer: inferPad,
    },
    Resize: {
      category: 'tensor',
      channels: resizeChannels,
      scaling: scalesFirst,
      gradient: resizeGradient,
      inputs: ['X', 'roi', 'scales', 'sizes'],
      settings: [1, 2, 3],
      quantization: {
        kind: 'passthrough',
        input: 0,
        refuse: (attributes) =>
          attributes.text('mode') === 'cubic' ? 'cubic interpolation has no integer kernel' : undefined,
      },
      infer: inferResize,
    },
    Upsample: {
      category: 'tensor',
      gradient: { blocks: 'becomes Resize in opset 10, which has one' },
      inputs: ['X', 'scales'],
      settings: [1],
      channels: spatialChannels,
      scaling: scalesFirst,
      infer: inferUpsample,
    },
    GridSample: {
      category: 'tensor',
      inputs: ['X', 'grid'],
      channels: spatialChannels,
      gradient: gridSampleGradient,
      infer: inferGridSample,
    },
    AffineGrid: {
      category: 'tensor',
      inputs: ['theta', 'size'],
      settings: [1],
      expansion: expandAffineGrid,
      infer: inferAffineGrid,
    },
    CenterCropPad: {
      category: 'tensor',
      inputs: ['input_data', 'shape'],
      settings: [1],
      expansion: expandCenterCropPad,
      infer: inferCenterCropPad,
    },
    Col2Im: {
      category: 'tensor',
      inputs: ['input', 'image_shape', 'block_shape'],
      settings: [1, 2],
      gradient: columnsGradient,
      infer: inferCol2Im,
    },
  }),
  ...defineOperators(NCHWC, {
    Upsample: {
      category: 'tensor',
      inputs: ['X'],
      infer: (context) => {
        const scales = context.ints('scales');
        const shape = context.shape(0);
        return [
          tensorFacts(
            context.dtype(0),
            shape?.map((dim, axis) => multiplyDims(dim, scales?.[axis] ?? null)),
          ),
        ];
      },
    },
  }),
  ...defineOperators(MICROSOFT, {
    Pad: {
      category: 'tensor',
      inputs: ['data', 'pads', 'value'],
      settings: [1, 2],
      gradient: padGradient,
      infer: inferPad,
    },
    GridSample: { category: 'tensor', inputs: ['X', 'Grid'], gradient: gridSampleGradient, infer: inferGridSample },
  }),
];
